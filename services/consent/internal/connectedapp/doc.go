// Package connectedapp lists the clients that a user has approved, and disconnects one.
//
// It owns which of the recorded consents are valid (those of the user-client's current epoch) and
// how they are shown. It never revokes a token: the token service does.
package connectedapp
