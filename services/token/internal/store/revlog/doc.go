// Package revlog is the revocation log, and the only way to append to it.
//
// It owns the tables revocations and revocation_head, the order of the cursors, and the rule that
// nobody is told of a revocation before every replica knows it: an entry is appended to a
// transaction that Log.Revoke runs, and Log.Revoke returns when the RevocationBarrier does. There
// is no other way to make a Tx, so no revocation can be written without the wait.
//
// It never decides what is revoked: that is what the store's transactions do.
package revlog
