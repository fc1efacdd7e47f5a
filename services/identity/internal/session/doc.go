// Package session keeps who is signed in with which browser.
//
// It owns how a session's value is drawn, under what name it is kept and when it ends: at its deadline, when it is ended,
// when the browser signs in again, or when its user is disabled or gone. It never keeps the value itself, and never
// decides whether somebody may sign in.
package session
