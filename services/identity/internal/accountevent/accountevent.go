package accountevent

import "time"

// Kind is what happened. The values are stored, and usher.identity.v1.AccountEventKind has the same.
type Kind int16

// The kinds of events. The zero value is none.
const (
	// SignedIn is a sign-in in a browser.
	SignedIn Kind = 1
	// SignInFailed are wrong passwords of one hour.
	SignInFailed Kind = 2
	// PasswordChanged is a password that the user changed.
	PasswordChanged Kind = 3
	// PasswordSet is a password that an operator set.
	PasswordSet Kind = 4
	// OthersSignedOut is the end of every other session, which the user requested.
	OthersSignedOut Kind = 5
)

// Event is something that happened in an account.
type Event struct {
	Kind Kind
	// At is the start of the hour for SignInFailed.
	At time.Time
	// Count is how often it happened.
	Count int64
	// UserAgent and Network are those of a device.Device.
	UserAgent, Network string
}

// Query asks for a page of a user's events, the newest first.
type Query struct {
	UserID string
	// Before and BeforeKind identify the last event of the previous page; a zero Before is the first
	// page.
	Before     time.Time
	BeforeKind Kind
	Limit      int
}
