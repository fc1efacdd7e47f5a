// Package store is the token service's durable truth: pairs, families, access tokens, the evidence of spent
// refresh tokens, user tokens, and the log of revocations.
//
// The contract, which storetest holds both engines to:
//
//   - Single use, rotation, reuse and revocation are each decided by one statement or one transaction. Nothing
//     is read, judged in Go and then written, unless what was read can never change.
//   - A code redeems once: its hash is the family's primary key.
//   - A family issues only while its pair's epoch is the one that its consent screen showed. Redeem holds the pair's
//     row shared until it commits and raising the epoch holds it alone, so one of the two sees the other.
//   - A user token is refreshed once. Whoever issues or refreshes one holds the marks of its user and its authentication app
//     shared until it commits, and whoever ends all of a user or an app holds the mark alone, so one of the two sees the other.
//   - What ends a family marks the family's row. Tokens hang on it, so those issued at that very moment die too.
//   - A revocation that returned is durable, is seen by every later read, and stands in the log. Cursors rise in
//     commit order without gaps.
//   - An API key is live until it is revoked; ending it twice is one revocation.
//   - Expiry is decided by the database's clock.
//
// Locks are taken in the order ending mark, pair, family, access token, user token, head of the log.
//
// It owns the SQL and the migrations. It never sees a token, only hashes, and never decides what a failure is called.
package store
