// Package logout tells clients that a session of their user has ended (OpenID Connect Back-Channel
// Logout 1.0).
//
// An ending is a browser session that identity ended, or a revocation of this service. Planner finds the
// clients that signed the user in by it, and writes a delivery for each into the outbox; Deliverer sends
// the deliveries. The ending itself writes one row in its own transaction, in the outbox of identity or
// in the revocation log, and never waits for a client.
//
// The package owns who is told, and when it is tried again. It never ends anything, and never connects to
// a client: the authorization service does.
package logout
