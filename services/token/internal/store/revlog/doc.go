// Package revlog is the revocation log, and the only way to append to it.
//
// It owns the tables revocations and revocation_head, the order of the cursors, and the rule that a
// revocation returns only when every replica applies it: an entry is appended in a transaction that
// Log.Revoke runs, and Log.Revoke returns when the RevocationBarrier does. Only Log.Revoke makes a
// Tx, so no revocation can be written without the wait.
//
// It never decides what is revoked: the store's transactions do.
package revlog
