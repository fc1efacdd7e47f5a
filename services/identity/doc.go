// Package identity is the identity service: it owns people, their passwords, the workspaces they belong to, and the
// browser sessions they are signed in with.
//
// It calls no other service. It never decides what an app may do, never issues a token, and never keeps a password or a
// session's value: only argon2id strings and SHA-256 hashes reach its stores.
package identity
