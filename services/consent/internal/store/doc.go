// Package store persists the consents of users, one row per authorization request.
//
// The contract, which storetest verifies on both engines:
//
//   - A request has at most one consent, also when calls record it concurrently: the first one
//     stays as it was recorded. One statement decides.
//   - A consent is listed with all its scopes. Equal consents of a user-client are listed as one,
//     with the first and the latest time, the oldest first.
//   - Prune deletes consents of older epochs and no others, so that it never deletes an approval
//     made after a revocation.
//   - The policy of a workspace, its approved clients and the requests of its members are changed by one
//     transaction each. A member has one request for a client in a workspace; a decision is for all that
//     wait at that moment.
//   - Cleanup deletes consents that are older than the retention and no others.
//   - A change that returned is durable and visible to every later read.
//   - The time of a consent is by the database's clock.
//
// It owns the SQL and the migrations. It never sees the identifier of a request, only its hash, and
// never decides whether a consent is valid: the token service has the epoch.
package store
