// Package store is the identity service's durable truth: users, workspaces and who belongs where.
//
// The contract, which storetest holds both engines to:
//
//   - An address is one user's at most, and is kept in canonical form (account.Canonical).
//   - Each question is one statement, hence one round trip and answered from one moment.
//   - A disabled user has no memberships to see, though they are kept; the user itself is still found, and says so.
//   - A user or workspace that is removed takes its memberships along.
//   - Housekeeping drops secrets that have ended and apps revoked long ago, and nothing else.
//   - Seeding adds what is missing, all of it or nothing, and changes nothing that is there.
//
// It owns the SQL and the migrations. It never sees a password, only argon2id strings, and never decides who may sign in.
package store
