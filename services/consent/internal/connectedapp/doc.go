// Package connectedapp is the list of the apps that a person let in, and taking one out.
//
// It owns which of the recorded consents count (those whose epoch is the pair's current one) and
// how they are shown. It never ends a token: token does, and that alone ends access.
package connectedapp
