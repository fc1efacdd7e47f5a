// Package store is the consent service's durable truth: what each person approved, one row an
// authorization request.
//
// The contract, which storetest holds both engines to:
//
//   - A request has at most one consent, whoever records it at the same time: the first stays as it
//     was recorded, and every call hears the workspace of that one. One statement decides.
//   - A consent is listed whole. Equal ones of a pair are listed as one, with the latest time, the
//     oldest first.
//   - Prune drops what is older than the epoch and nothing else, so that it never takes an approval
//     made after a revocation.
//   - Housekeeping drops what is older than it is told and nothing else.
//   - A change that returned is durable and seen by every later read.
//   - When a consent was given is decided by the database's clock.
//
// It owns the SQL and the migrations. It never sees the identifier of a request, only its hash, and
// never decides whether a consent counts: the pair's epoch is token's.
package store
