// Package logout notifies clients that a session of their user has ended (OpenID Connect Back-Channel
// Logout 1.0).
//
// An event is a browser session that identity ended, or a revocation of this service. Planner finds the
// clients that signed the user in by it, and writes a delivery for each into the outbox; Deliverer sends
// the deliveries. The event itself writes one row in its own transaction, in the outbox of identity or
// in the revocation log, and never waits for a client.
//
// The package owns which clients are notified, and when it is tried again. It never ends anything, and never connects to
// a client: the authorization service does.
package logout
