package enforce

import (
	"slices"
	"strings"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// The error codes of a challenge (RFC 6750 §3.1).
const (
	errorInvalidToken      = "invalid_token"
	errorInsufficientScope = "insufficient_scope"
	// errorInvalidProof is of RFC 9449 §7.1.
	errorInvalidProof = "invalid_dpop_proof"
	// errorUseNonce is of RFC 9449 §9.
	errorUseNonce = "use_dpop_nonce"
)

// challengeScheme says which challenges a denial has, and which of them has the error.
type challengeScheme int

const (
	// challengeBearer is a challenge of the scheme Bearer alone.
	challengeBearer challengeScheme = iota
	// challengeBoth is one of Bearer with the error, and one of DPoP beside it.
	challengeBoth
	// challengeDPoP is one of Bearer, and one of DPoP with the error (RFC 9449 §7.1).
	challengeDPoP
)

// Challenge is a challenge of the scheme Bearer (RFC 6750 §3) or DPoP (RFC 9449 §7.1). Its String is
// the only place where the value of WWW-Authenticate is built.
type Challenge struct {
	// Algorithms are those of proofs, for a challenge of the scheme DPoP; none for Bearer.
	Algorithms []string
	// Error is `invalid_token` or `insufficient_scope` (RFC 6750 §3.1), or with the scheme DPoP
	// `invalid_dpop_proof` or `use_dpop_nonce` (RFC 9449 §7.1, §9); empty where the request had no token.
	Error string
	// Scopes are all scopes that the request needs; empty for unknown.
	Scopes []string
	// ResourceMetadata is the URL of the resource's metadata (RFC 9728 §5.1); empty for none.
	ResourceMetadata string
	// Description is for the developer of the client.
	Description string
}

// String returns the value of WWW-Authenticate.
func (c Challenge) String() string {
	var b strings.Builder
	if len(c.Algorithms) > 0 {
		b.WriteString("DPoP")
	} else {
		b.WriteString("Bearer")
	}
	separator := " "
	for _, parameter := range [...]Header{
		{"algs", strings.Join(c.Algorithms, " ")},
		{"error", c.Error},
		{"scope", strings.Join(c.Scopes, " ")},
		{"resource_metadata", c.ResourceMetadata},
		{"error_description", c.Description},
	} {
		if parameter.Value == "" {
			continue
		}
		b.WriteString(separator + parameter.Name + `="` + quotable(parameter.Value) + `"`)
		separator = ", "
	}
	return b.String()
}

// in returns the challenges of a denial, of which c is the one with the error. The other one has what
// a client needs to get a token.
func (c Challenge) in(scheme challengeScheme) string {
	other := Challenge{Scopes: c.Scopes, ResourceMetadata: c.ResourceMetadata}
	switch scheme {
	case challengeBoth:
		return c.String() + ", " + Challenge{Algorithms: dpop.Algorithms()}.String()
	case challengeDPoP:
		c.Algorithms, c.Scopes, c.ResourceMetadata = dpop.Algorithms(), nil, ""
		return other.String() + ", " + c.String()
	case challengeBearer:
	}
	return c.String()
}

// quotable replaces the characters that RFC 6750 §3 allows in none of its parameters, and that would
// end a quoted string or a header.
func quotable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '\''
		}
		return c
	}, s)
}

// union returns the scopes that an endpoint needs, and those of the token. A client that replaces
// its token by one with the scopes of the challenge keeps what it had (step-up).
func union(needed, has []string) []string {
	all := slices.Clone(needed)
	for _, scope := range has {
		if !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	return all
}
