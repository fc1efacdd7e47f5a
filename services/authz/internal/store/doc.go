// Package store is the authorization service's durable truth: apps, their redirect URIs and the hashes of their secrets.
//
// The contract, which storetest holds both engines to:
//
//   - An app is written whole or not at all: nobody reads one without its redirect URIs or its secret.
//   - Credentials reads all that authentication needs in one statement, hence in one round trip and from one moment.
//   - At most client.MaxSecrets secrets of an app are valid, whoever rotates at the same time; one of them is current.
//   - Housekeeping drops secrets that have ended and nothing else.
//   - A change that returned is durable and seen by every later read.
//   - When a secret ends is decided by the database's clock.
//
// It owns the SQL and the migrations. It never sees a secret, only hashes, and never decides who a request comes from.
package store
