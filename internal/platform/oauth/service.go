package oauth

import "strings"

// servicePrefix is the prefix of the subject of a token that a client got for itself. The identifier
// of a user begins with `usr_` and that of an API key with `key_`, so that no resource server can
// mistake a client for a user (RFC 9700 §4.15.1).
const servicePrefix = "svc_"

// ServiceSubject returns the subject of the tokens that a client gets for itself (RFC 6749 §4.4).
func ServiceSubject(clientID string) string { return servicePrefix + clientID }

// IsServiceSubject reports whether a subject is that of a client and not that of a user.
func IsServiceSubject(subject string) bool { return strings.HasPrefix(subject, servicePrefix) }

// Service is what a client may do for itself with client_credentials.
type Service struct {
	// WorkspaceID is the workspace that the client belongs to; empty for a client that belongs to
	// none, which gets no token for itself.
	WorkspaceID string
	// Scope is the widest scope that it may request, and that of a request without one.
	Scope Scope
}
