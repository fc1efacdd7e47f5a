package secret

import "time"

// MaxOverlap is the maximum time that a client secret or an API key stays valid after its rotation.
const MaxOverlap = 30 * 24 * time.Hour

// The bounds of the lifetimes that an operator or an administrator gives to a secret: MinLifetime of any,
// MaxKeyLifetime of an API key, and MaxInitialTokenLifetime of an initial access token, with which at most
// MaxInitialTokenUses clients register.
const (
	MinLifetime             = time.Minute
	MaxKeyLifetime          = 10 * 366 * 24 * time.Hour
	MaxInitialTokenLifetime = 365 * 24 * time.Hour
	MaxInitialTokenUses     = 10_000
)

// Record is the stored form of a client secret: of a client, or of an authentication app.
type Record struct {
	Hash Hash
	// LastFour are the last characters, which lists show.
	LastFour string
	// CreatedBy is the user who created it; empty for the operator.
	CreatedBy string
}

// lastLength is the length of LastFour.
const lastLength = 4

// NewRecord returns the stored form of a secret.
func NewRecord(s String) Record {
	clear := s.Reveal()
	return Record{Hash: Sum(clear), LastFour: clear[max(0, len(clear)-lastLength):]}
}

// Info is the part of a client secret that may be shown.
type Info struct {
	// LastFour is empty for a secret that release 0.1 registered.
	LastFour  string
	CreatedAt time.Time
	// ExpiresAt is zero for the current secret.
	ExpiresAt time.Time
	// ID names the secret where a store has names for them; it says nothing about the secret.
	ID string
	// CreatedBy is that of the Record.
	CreatedBy string
	// LastUsedAt is when it was last used, to the minute; zero for never, and where a store does not record it.
	LastUsedAt time.Time
}
