package client

// BackChannelLogout is where a client gets logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.2);
// zero for a client that gets none.
type BackChannelLogout struct {
	// LogoutURI is requested as a client's keys are.
	LogoutURI string
	// LogoutSessionRequired says that each logout token must name the session.
	LogoutSessionRequired bool
}
