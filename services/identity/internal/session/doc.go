// Package session keeps who is signed in with which browser.
//
// The durable store decides whether a session lives; the short-lived one holds its facts, so that what that store forgets, restores
// or fails over to brings no ended session back.
//
// It owns how a session's value is drawn, under what name it is kept and when it ends: at its deadline, when it is ended,
// when the browser signs in again, when its user is disabled or gone, or when all of a user's are ended by raising the epoch
// that each was begun under. It never keeps the value itself, and never
// decides whether somebody may sign in.
package session
