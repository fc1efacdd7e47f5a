package enforce

import "strings"

// The headers that tell what lies behind a door in whose name a request comes (docs/wire-contract.md §6).
const (
	HeaderSubject     = "Usher-Subject"
	HeaderClientID    = "Usher-Client-Id"
	HeaderWorkspaceID = "Usher-Workspace-Id"
	HeaderScope       = "Usher-Scope"
	HeaderTokenKind   = "Usher-Token-Kind"
)

// reservedPrefix begins every header that is ours to set.
const reservedPrefix = "usher-"

// Identity is in whose name a request is passed on.
type Identity struct {
	// Kind is AccessToken or APIKey.
	Kind Kind
	// Subject is the user, `usr_…`; for an API key the key, `key_…`.
	Subject string
	// ClientID is the app; empty for an API key.
	ClientID    string
	WorkspaceID string
	// Scope is space-separated; empty for an API key.
	Scope string
}

// Header is one header's name and value.
type Header struct{ Name, Value string }

// Headers are the identity as headers, always all five in the same order. One whose value is empty is not to be passed on,
// and neither is what the caller sent under its name.
func (i Identity) Headers() [5]Header {
	return [5]Header{
		{HeaderSubject, i.Subject},
		{HeaderClientID, i.ClientID},
		{HeaderWorkspaceID, i.WorkspaceID},
		{HeaderScope, i.Scope},
		{HeaderTokenKind, i.Kind.String()},
	}
}

// Reserved reports whether a header of an incoming request is to be dropped because its name is one of Usher's: all that begins
// with "Usher" and a sign that is neither letter nor digit, in whatever case. Some servers behind an entry point take an
// underscore for a hyphen, and some, as Apache for CGI, any such sign.
func Reserved(name string) bool {
	last := len(reservedPrefix) - 1
	if len(name) <= last || !strings.EqualFold(name[:last], reservedPrefix[:last]) {
		return false
	}
	return !alphanumeric(name[last])
}

// MisleadingHeaders are the headers by which some servers read another method or path than the one that was judged, in lower
// case. None of them is to be passed on from a client, in any spelling.
func MisleadingHeaders() []string {
	return []string{
		"x-http-method-override", "x-http-method", "x-method-override",
		"x-original-method", "x-original-uri", "x-original-url", "x-rewrite-url",
	}
}

// Misleading reports whether a header is one of MisleadingHeaders, however it is spelled: in any case, and with any sign in
// place of a hyphen.
func Misleading(name string) bool {
	if len(name) == 0 || name[0] != 'x' && name[0] != 'X' {
		return false
	}
	for _, misleading := range MisleadingHeaders() {
		if spells(name, misleading) {
			return true
		}
	}
	return false
}

// spells reports whether two names are one to a server that reads any sign as a hyphen. The second is in lower case.
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
