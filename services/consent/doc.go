// Package consent is the consent service: it owns the user's decision on an authorization request.
// It returns the content of the consent screen, records what the user approved, has authz complete
// the authorization, and lists and disconnects a user's connected clients.
//
// It calls identity (the session's user and workspaces, and whether an operator's workspace exists),
// authz (read and complete an authorization) and token (the epoch of a user-client, revoke a
// connection); none calls it back. It never issues or revokes a token by itself, trusts only users
// that identity has authenticated, and stores neither a session nor the identifier of a request, only
// the latter's hash.
package consent
