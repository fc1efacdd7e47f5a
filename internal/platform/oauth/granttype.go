package oauth

import (
	"slices"
	"strings"
)

// The grant types, by their values of grant_type at the token endpoint.
const (
	// AuthorizationCodeGrant is RFC 6749 §4.1.
	AuthorizationCodeGrant = "authorization_code"
	// RefreshTokenGrant is RFC 6749 §6.
	RefreshTokenGrant = "refresh_token"
	// DeviceCodeGrant is RFC 8628 §3.4.
	DeviceCodeGrant = "urn:ietf:params:oauth:grant-type:device_code"
	// ClientCredentialsGrant is RFC 6749 §4.4.
	ClientCredentialsGrant = "client_credentials"
)

// GrantType is what the parts of the server need to know of a grant type. The registry, the metadata, the metrics and the command
// line read it here; the token service has the exchange itself (package grant).
type GrantType struct {
	// Name is the value of grant_type, and the name in a client's registration.
	Name string
	// Starts reports that a client gets its first tokens with it. A grant type that does not needs one that does.
	Starts bool
	// Redirects reports that it needs registered redirect URIs.
	Redirects bool
	// Service reports that its tokens act for the client itself and not for a user: the client is confidential and belongs to a
	// workspace.
	Service bool
	// Spends reports that a request spends a code or a refresh token, so that a second use of it is a reuse.
	Spends bool
	// Default reports that a client which names no grant type gets it.
	Default bool
}

// GrantTypes are the grant types that this server supports, in the order of its metadata.
func GrantTypes() []GrantType {
	return []GrantType{
		{Name: AuthorizationCodeGrant, Starts: true, Redirects: true, Spends: true, Default: true},
		{Name: RefreshTokenGrant, Spends: true, Default: true},
		{Name: ClientCredentialsGrant, Starts: true, Service: true},
		{Name: DeviceCodeGrant, Starts: true, Spends: true},
	}
}

// GrantTypeNames are the names of the grant types for which keep is true; nil keeps all.
func GrantTypeNames(keep func(GrantType) bool) []string {
	var names []string
	for _, g := range GrantTypes() {
		if keep == nil || keep(g) {
			names = append(names, g.Name)
		}
	}
	return names
}

// DefaultGrantTypes are the names of those that a client gets which names none.
func DefaultGrantTypes() []string { return GrantTypeNames(func(g GrantType) bool { return g.Default }) }

// AnyGrantType reports whether a client with grant types of these names has one for which is is true.
func AnyGrantType(names []string, is func(GrantType) bool) bool {
	return slices.ContainsFunc(GrantTypes(), func(g GrantType) bool { return slices.Contains(names, g.Name) && is(g) })
}

// JoinNames joins names for a sentence: "a", "a and b", "a, b and c" with the last word and.
func JoinNames(names []string, and string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + and + " " + names[last]
}
