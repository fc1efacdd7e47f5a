// Package credential verifies the credentials of all entry points: the sign-in page and the user
// API with a password, the user API with an authentication app's secret.
//
// It ensures that every entry point counts attempts in the same budgets before it verifies
// anything. Passwords are verified by package account, secrets by package authapp, and budgets kept
// by package attempt.
package credential
