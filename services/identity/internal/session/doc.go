// Package session stores the browser sessions.
//
// The durable store has the sessions, so that losing, restoring or failing over the short-lived store
// neither ends a session nor makes an ended one valid again. The short-lived store has those that
// release 0.1 began, and a copy of the others for its replicas. A replica of 0.1 that ends such a copy does
// not end the session (UPGRADE.md).
//
// The package owns how a session's value is generated, the key it is stored under and when it ends:
// at its deadline, when it is ended, when the browser signs in again, when its user is disabled or
// deleted, when the user has 100 that were used later, or when all of a user's sessions are ended by
// raising the epoch that each session was created with. It never stores the value itself, and
// authenticates no user.
package session
