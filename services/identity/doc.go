// Package identity is the identity service: it owns people, their passwords, the workspaces they belong to, the browser
// sessions they are signed in with, and the authentication apps that vouch for them. It counts every attempt to prove who
// somebody is before it checks it.
//
// It calls no other service. It never decides what an app may do, never issues a token, and never keeps a password or a
// session's value: only argon2id strings and SHA-256 hashes reach its stores.
package identity
