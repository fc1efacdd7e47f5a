// Package identity is the identity service: it owns users, their passwords, their workspaces, their
// browser sessions, and the authentication apps that vouch for users. It counts every
// authentication attempt before it checks the credentials.
//
// It calls no other service. It authorizes no client, issues no token, and never stores a password
// or a session's value: its stores contain only argon2id strings and SHA-256 hashes.
package identity
