package enforce

import (
	"slices"
	"strings"
)

// The headers with the verified identity, for an API behind an enforcement point
// (docs/wire-contract.md §6).
const (
	HeaderSubject     = "Usher-Subject"
	HeaderClientID    = "Usher-Client-Id"
	HeaderWorkspaceID = "Usher-Workspace-Id"
	HeaderScope       = "Usher-Scope"
	// HeaderTokenKind has Kind.String(); docs/enforcement.md compares it with the token_kind of an
	// introspection, which has other values.
	HeaderTokenKind = "Usher-Token-Kind"
)

// reservedPrefix is the prefix of the headers that only Usher may set.
const reservedPrefix = "usher-"

// Identity is the verified identity that a request is forwarded with.
type Identity struct {
	// Kind is AccessToken, ServiceToken, APIKey or RestrictedAPIKey.
	Kind Kind
	// Subject is the user, `usr_…`; for an API key the key, `key_…`; for a service token the client,
	// as `svc_` and its identifier.
	Subject string
	// ClientID is the client; empty for an API key.
	ClientID    string
	WorkspaceID string
	// Scope is space-separated; empty for an API key that no scope restricts.
	Scope string
	// Audience are the identifiers of the resources that the token was issued for, space-separated.
	// It is not a header: the request was checked for it.
	Audience string
}

// Header is one header's name and value.
type Header struct{ Name, Value string }

// Headers returns the identity as headers, always all five in the same order. A header without a
// value must not be forwarded, and neither must a client's header of the same name.
func (i Identity) Headers() [5]Header {
	return [5]Header{
		{HeaderSubject, i.Subject},
		{HeaderClientID, i.ClientID},
		{HeaderWorkspaceID, i.WorkspaceID},
		{HeaderScope, i.Scope},
		{HeaderTokenKind, i.Kind.String()},
	}
}

// Reserved reports whether a header of an incoming request must be removed because its name is
// reserved: it begins with "Usher" and a character that is neither a letter nor a digit, in any
// case. Some servers behind an enforcement point treat an underscore as a hyphen, and some, such as
// Apache with CGI, any such character.
func Reserved(name string) bool {
	last := len(reservedPrefix) - 1
	if len(name) <= last || !strings.EqualFold(name[:last], reservedPrefix[:last]) {
		return false
	}
	return !alphanumeric(name[last])
}

// MisleadingHeaders returns the headers that make some servers use another method or path than the
// one that was checked, in lower case. They must not be forwarded from a client, in any spelling.
func MisleadingHeaders() []string {
	return []string{
		"x-http-method-override", "x-http-method", "x-method-override",
		"x-original-method", "x-original-uri", "x-original-url", "x-rewrite-url",
	}
}

// Misleading reports whether a header is one of MisleadingHeaders in any spelling: in any case, and
// with any other character in place of a hyphen.
func Misleading(name string) bool {
	if len(name) == 0 || name[0] != 'x' && name[0] != 'X' {
		return false
	}
	return slices.ContainsFunc(MisleadingHeaders(), func(misleading string) bool { return spells(name, misleading) })
}

// spells reports whether two names are equal for a server that treats every other character as a
// hyphen. The second is in lower case.
func spells(name, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if !alphanumeric(c) {
			c = '-'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
