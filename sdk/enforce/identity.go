package enforce

import "strings"

// The headers that tell what lies behind a door in whose name a request comes (the wire contract §6).
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

// Reserved reports whether a header of an incoming request is to be dropped, in whatever case it is written: all that begins
// with "Usher-", and the same with an underscore, which some servers behind a door take for a hyphen.
func Reserved(name string) bool {
	if len(name) < len(reservedPrefix) {
		return false
	}
	last := len(reservedPrefix) - 1
	return strings.EqualFold(name[:last], reservedPrefix[:last]) && (name[last] == '-' || name[last] == '_')
}
