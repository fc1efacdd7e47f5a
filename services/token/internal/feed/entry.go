package feed

import (
	"context"
	"time"
)

// Kind is what an entry of the log ends. The values are the stored ones.
type Kind int16

// The kinds.
const (
	// Token is one access token, API key or user token, named by TokenHash.
	Token Kind = 1
	// Family is every token of one authorization, named by Family.
	Family Kind = 2
	// Pair is every token of UserID with the app ClientID.
	Pair Kind = 3
	// User is every token of UserID.
	User Kind = 4
	// Member is every token of UserID that is good for WorkspaceID.
	Member Kind = 5
	// Client is every token of ClientID.
	Client Kind = 6
	// Workspace ends nothing: what is known of WorkspaceID changed.
	Workspace Kind = 7
	// AuthenticationApp is every user token that was issued through the authentication app ClientID.
	AuthenticationApp Kind = 8
)

// Entry is one revocation as followers need it.
type Entry struct {
	// Cursor is its place in the log. Cursors rise by one in the order of commits.
	Cursor int64
	Kind   Kind
	// TokenHash and Family are nil, and the names empty, where the kind does not use them.
	TokenHash   []byte
	Family      []byte
	UserID      string
	ClientID    string
	WorkspaceID string
	// Age is how old it was when it was read, by the database's clock.
	Age time.Duration
}

// Bounds are what is in the log.
type Bounds struct {
	// Head is the cursor of the newest entry; 0 when there never was one.
	Head int64
	// Oldest is the cursor of the oldest entry that is still there; Head + 1 when none is.
	Oldest int64
}

// Log is where revocations are kept. Both methods see every entry whose commit had returned when they were called.
type Log interface {
	LogBounds(ctx context.Context) (Bounds, error)
	// LogAfter reads entries behind a cursor, oldest first, at most limit.
	LogAfter(ctx context.Context, cursor int64, limit int) ([]Entry, error)
}

// Listener acts upon entries. Its methods are called by one goroutine at a time and must not wait for anything.
type Listener interface {
	// Apply acts upon entries, oldest first.
	Apply(entries []Entry)
	// Forget acts upon entries that cannot be told: everything may have ended.
	Forget()
}
