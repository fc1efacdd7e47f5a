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

// Scope is a set of scope names in the order they were asked for.
type Scope []string

// ParseScope reads a scope parameter: names separated by exactly one space (RFC 6749 §3.3).
// Repeated names collapse into their first. It fails with ErrScopeMissing when s is empty and
// with ErrScopeMalformed for any other separator or character. It judges no name.
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

// ParseAskedScope is ParseScope for what a client asks for: spaces before, behind and repeated between the names are forgiven,
// since clients join lists that have empty entries. Nothing else separates names. Only spaces is a missing scope.
func ParseAskedScope(s string) (Scope, error) {
	names := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' })
	return ParseScope(strings.Join(names, " "))
}

// OpenIDScopes are the names that OpenID Connect Core §5.4 and §11 define. Clients ask for them by default, and a server
// without OpenID Connect should ignore them (OpenID Connect Core §3.1.2.1; RFC 6749 §3.3 allows it).
func OpenIDScopes() Scope {
	return Scope{"openid", "profile", "email", "phone", "address", "offline_access"}
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

// String joins the names by single spaces, as the scope parameter has them.
func (s Scope) String() string { return strings.Join(s, " ") }

// Contains reports whether the name, compared whole and exactly, is in the set.
func (s Scope) Contains(name string) bool { return slices.Contains(s, name) }

// Covers reports whether every name of other is in s.
func (s Scope) Covers(other Scope) bool { return len(other.Missing(s)) == 0 }

// Without returns the names of s for which drop is false, in the order of s; nil when there is none.
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
