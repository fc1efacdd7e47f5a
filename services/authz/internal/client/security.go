package client

// Profile is a set of security requirements.
type Profile string

// The profiles.
const (
	// NoProfile is a client's that follows none.
	NoProfile Profile = "none"
	// FAPI2 is the FAPI 2.0 Security Profile (Final).
	FAPI2 Profile = "fapi2"
)

// Security is what a client must do beyond RFC 6749; zero for nothing.
type Security struct {
	// PushRequired says that its authorization requests are pushed (RFC 9126 §6).
	PushRequired bool
	// DPoPRequired says that its tokens are bound to a key (RFC 9449 §5.2).
	DPoPRequired bool
	// Profile is empty or NoProfile for a client that follows none.
	Profile Profile
}

// RequiresPush reports whether an authorization request that was not pushed is refused.
func (s Security) RequiresPush() bool { return s.PushRequired || s.Profile == FAPI2 }
