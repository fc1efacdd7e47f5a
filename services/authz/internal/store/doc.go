// Package store is the authorization service's database: clients, their redirect URIs, the hashes of
// their secrets and their public keys.
//
// The contract, which storetest checks on both engines:
//
//   - A client is written completely or not at all: no read returns one without its redirect URIs
//     or its secret.
//   - Credentials reads everything that authentication needs of a client in one statement, hence from
//     one snapshot.
//   - At most client.MaxSecrets secrets of a client are valid, also with concurrent rotations; one
//     of them is current.
//   - A client has secrets or keys, never both. At most client.MaxKeys registered keys are valid, also
//     with concurrent changes, and the last one is not removed.
//   - Cleanup deletes expired secrets and keys, and the uses of keys that are long ago.
//   - A change that returned is durable and visible to every later read at every replica, although
//     each has the clients in memory (docs/adr/0008-cache-with-a-lease.md).
//   - The database's clock decides when a secret expires.
//
// It owns the SQL and the migrations. It never sees a secret, only hashes, and authenticates no
// client.
package store
