// Package account knows who people are: their addresses, their workspaces and what they may do in them, and whether
// somebody who signs in is who they say.
//
// It owns the canonical form of an e-mail address and the one answer to every failed sign-in. It never computes a
// password itself, and where people are kept is the store's business.
package account
