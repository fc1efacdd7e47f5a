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

// Missing returns the names of s that allowed lacks, in the order of s; nil when there is none.
func (s Scope) Missing(allowed Scope) Scope {
	var missing Scope
	for _, name := range s {
		if !allowed.Contains(name) {
			missing = append(missing, name)
		}
	}
	return missing
}
