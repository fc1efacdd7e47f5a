// Package account has the users, their addresses, workspaces and roles, and authenticates a user by
// password.
//
// It owns the forms of an e-mail address that may be stored and the single error of every failed
// sign-in. It does not hash passwords, and package store stores the users.
package account
