// Package credential is the doors at which people prove who they are: the sign-in page and the user API with a password,
// the user API with an authentication app's secret.
//
// It owns that every door counts its attempts in the same budgets before it checks anything. It never checks anything
// itself: passwords are package account's, secrets package authapp's, budgets package attempt's.
package credential
