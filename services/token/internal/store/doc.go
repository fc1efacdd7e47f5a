// Package store is the token service's durable truth: pairs, families, access tokens, the evidence
// of spent refresh tokens, user tokens, and the log of revocations.
//
// The contract, which storetest holds both engines to:
//
//   - Single use, rotation, reuse and revocation are each decided by one statement or one
//     transaction. Nothing is read, judged in Go and then written, unless what was read can never
//     change.
//   - A code redeems once: its hash is the family's primary key.
//   - A family issues only while nothing that its code hangs on was revoked since its consent
//     screen was shown: the epoch that the screen read is the cursor of the last such revocation,
//     and the family is born at it.
//   - A user token is refreshed once. It is born at the cursor that was known before its holder's
//     proof was checked, and its successors with it.
//   - What revokes a family or one token marks its row. What revokes all of a user, a member, a
//     client, a pair or an authentication app writes one row of revoked_subjects, whatever hangs on
//     it, and every statement asks it (see subject.go): what was born before its cursor is dead,
//     also when it is written later.
//   - A revocation that returned is durable, is seen by every later read, and stands in the log.
//     Cursors rise in commit order without gaps.
//   - An API key is live until it is revoked; ending it twice is one revocation.
//   - Expiry is decided by the database's clock.
//
// Locks are taken in the order ending mark, pair, family, access token, user token, head of the
// log, revoked subject. The shared locks on pairs and ending marks are there for release 0.1, which
// has no subjects.
//
// It owns the SQL and the migrations. It never sees a token, only hashes, and never decides what a
// failure is called.
package store
