// Package store persists the token service's state: user-clients (the table pairs), token families,
// access tokens, spent refresh tokens as evidence of reuse, user tokens, API keys, and the
// revocation log.
//
// The contract, which storetest verifies on both engines:
//
//   - Single use, rotation, reuse and revocation are each decided by one statement or one
//     transaction. No decision is a read, a check in Go and a write, unless the value that was read
//     never changes.
//   - A code redeems once: its hash is the family's primary key.
//   - A code is redeemed only if none of its subjects was revoked since its consent screen was
//     shown: the epoch that the screen read is the cursor of the last such revocation, and it
//     becomes the column born of the family.
//   - A user token is refreshed once. Its column born is the cursor that was read before its
//     holder's proof was verified, and its successors inherit it.
//   - The revocation of one family or one token sets revoked_at of its row. The revocation of a
//     subject (a user, a member, a client, a user-client or an authentication app) writes one row
//     of revoked_subjects, however many grants and tokens it has, and every statement checks it
//     (see subject.go): a row that was born before the cursor of its subject is revoked, also when
//     it is written later.
//   - A revocation that returned is durable, visible to every later read, and in the log. Cursors
//     rise in commit order without gaps.
//   - An API key is live until it is revoked or expires; revoking it twice is one revocation.
//   - Expiry is decided by the database's clock.
//
// Locks are taken in this order: row of ending_marks, row of pairs, family, access token, user
// token, head of the log, revoked subject. The shared locks on pairs and ending_marks are there for
// release 0.1, which has no subjects.
//
// It owns the SQL and the migrations. It never sees a token, only hashes, and never maps an error
// to a response.
package store
