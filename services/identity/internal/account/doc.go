// Package account has the users, their addresses, workspaces and roles, and authenticates a user by
// password.
//
// It owns the canonical form of an e-mail address and the single error of every failed sign-in. It
// does not hash passwords, and package store stores the users.
package account
