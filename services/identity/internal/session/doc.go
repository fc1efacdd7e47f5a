// Package session stores the browser sessions.
//
// The durable store decides whether a session is valid; the short-lived one stores its content, so
// that losing, restoring or failing over the short-lived store never makes an ended session valid
// again.
//
// The package owns how a session's value is generated, the key it is stored under and when it ends:
// at its deadline, when it is ended, when the browser signs in again, when its user is disabled or
// deleted, when the user has 100 that were used later, or when all of a user's sessions are ended by
// raising the epoch that each session was created with. It never stores the value itself, and
// authenticates no user.
package session
