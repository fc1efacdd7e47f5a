// Package consent is the consent service: it owns the decision. It says what the consent screen
// shows, records what the person approved, has authz complete the authorization, lists the
// connected apps of a person and disconnects one.
//
// It calls identity (who is this browser, which workspaces), authz (what is asked for, complete it)
// and token (the pair's epoch, end a connection); nothing calls back into it. It never issues or
// ends a token by itself, never believes a user that identity has not confirmed, and stores neither
// a session nor the identifier of a request, only the latter's hash.
package consent
