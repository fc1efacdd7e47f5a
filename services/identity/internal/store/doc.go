// Package store is the identity service's database: users, workspaces and memberships.
//
// The contract, which storetest checks on both engines:
//
//   - An address belongs to at most one user, and is stored in canonical form (emailaddress.Canonical).
//   - Each read is one statement, hence one round trip and one snapshot.
//   - A disabled user has no visible memberships, though they are stored; reads of the user still
//     return them, as disabled.
//   - Deleting a user or a workspace deletes its memberships.
//   - Cleanup deletes expired secrets, expired sessions and apps revoked long ago, and nothing else.
//   - Seeding adds everything that is missing, or nothing, and changes no existing row.
//
// It owns the SQL and the migrations. It never sees a password, only argon2id strings, and
// authenticates no user.
package store
