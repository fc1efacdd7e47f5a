// Package backchannel posts logout tokens to clients (OpenID Connect Back-Channel Logout 1.0 §2.5).
//
// It owns the request to the client and what its response means. It never makes a logout token, never
// decides who gets one, and never repeats a request: the token service keeps the outbox.
package backchannel
