package oauth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Failures of ParseScope; both wrap ErrScope.
var (
	ErrScope          = errors.New("invalid scope")
	ErrScopeMissing   = fmt.Errorf("%w: missing", ErrScope)
	ErrScopeMalformed = fmt.Errorf("%w: malformed", ErrScope)
)

// Scope is a set of scope names in the order of the request.
type Scope []string

// ParseScope parses a scope parameter: names separated by exactly one space (RFC 6749 §3.3).
// Repeated names are merged. It returns ErrScopeMissing when s is empty and ErrScopeMalformed for
// any other separator or character. It does not check whether the names exist.
func ParseScope(s string) (Scope, error) {
	if s == "" {
		return nil, ErrScopeMissing
	}
	var scope Scope
	seen := map[string]struct{}{}
	for name := range strings.SplitSeq(s, " ") {
		if !ValidScopeName(name) {
			return nil, ErrScopeMalformed
		}
		if _, repeated := seen[name]; !repeated {
			seen[name] = struct{}{}
			scope = append(scope, name)
		}
	}
	return scope, nil
}

// ParseRequestedScope is ParseScope for the scope of a client's request: leading, trailing and
// repeated spaces are accepted, since clients join lists that have empty entries. Other separators
// are not. A scope of spaces only is missing.
func ParseRequestedScope(s string) (Scope, error) {
	names := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' })
	return ParseScope(strings.Join(names, " "))
}

// HasExtraSpaces reports whether ParseRequestedScope leaves spaces out of a scope that ParseScope refuses. A
// scope of spaces only is missing.
func HasExtraSpaces(s string) bool {
	if strings.Trim(s, " ") == "" {
		return false
	}
	return strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ")
}

// OpenIDScope is the scope that asks for an ID token (OpenID Connect Core §3.1.2.1).
const OpenIDScope = "openid"

// OfflineAccessScope asks for a refresh token (OpenID Connect Core §11). It is ignored, since refresh tokens need
// no scope, and never listed: clients ask for it where it is.
const OfflineAccessScope = "offline_access"

// OpenIDScopes are the names that OpenID Connect Core §5.4 and §11 define. Clients request them by
// default, and a server without OpenID Connect should ignore them (OpenID Connect Core §3.1.2.1;
// RFC 6749 §3.3 allows it).
func OpenIDScopes() Scope {
	return Scope{OpenIDScope, "profile", "email", "phone", "address", OfflineAccessScope}
}

// ValidScopeName reports whether name is a scope-token of RFC 6749 §3.3: printable ASCII without
// space, quotation mark and backslash.
func ValidScopeName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return name != ""
}

// String joins the names with single spaces, as in the scope parameter.
func (s Scope) String() string { return strings.Join(s, " ") }

// Contains reports whether the name, compared whole and exactly, is in the set.
func (s Scope) Contains(name string) bool { return slices.Contains(s, name) }

// Covers reports whether every name of other is in s.
func (s Scope) Covers(other Scope) bool { return len(other.Missing(s)) == 0 }

// Without returns the names of s for which drop is false, in the order of s; nil when there is
// none.
func (s Scope) Without(drop func(name string) bool) Scope {
	var kept Scope
	for _, name := range s {
		if !drop(name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// Missing returns the names of s that allowed lacks, in the order of s; nil when there is none.
func (s Scope) Missing(allowed Scope) Scope {
	return s.Without(allowed.Contains)
}

// Outside returns the names of s that make sense for none of the resources, in the order of s; nil when there
// is none. A token for some resources has no such scope (RFC 8707 §2.2).
func (s Scope) Outside(ids Resources, belongs func(name string, ids Resources) bool) Scope {
	return s.Without(func(name string) bool { return belongs(name, ids) })
}

// InOrder returns the names of s in an order, each once. Names that are not in the order come last, in
// the order of s.
func (s Scope) InOrder(order []string) Scope {
	var sorted Scope
	for _, name := range slices.Concat(order, s) {
		if s.Contains(name) && !sorted.Contains(name) {
			sorted = append(sorted, name)
		}
	}
	return sorted
}
