// Package activity is the activity service: it owns what happened. It keeps the log of requests to
// the OAuth endpoints, which the gateway hands over in batches and clients' authors read, and the
// audit trail, for which it follows the events of identity, authz, token and consent.
//
// It calls identity (the session's user and workspaces), authz (the workspace of a client) and the
// event feeds of all four; nothing but the gateway and the operator calls it, and no request waits
// for it. It never changes anything else, and never sees a credential.
package activity
