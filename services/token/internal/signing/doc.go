// Package signing owns the keys that sign the server's JWTs: their generations, when each signs, and
// which of them verifiers may see.
//
// A key is published before it signs, and stays published after it signed, for longer than a verifier
// caches a JWK Set: so a rotation makes no verification fail, and no replica has to know when another
// one rotates. The times of a key are decided when it is created, by the one insert of its generation
// that succeeds.
//
// It encrypts the private keys before a store sees them. It never decides what is signed.
package signing
