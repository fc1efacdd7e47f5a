package logout

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Session is a session of a user at a client, which an ID token began.
type Session struct {
	ClientID, UserID string
	// Subject is the user as the client's tokens name them.
	Subject string
	// ID is the claim sid.
	ID string
	// SignedInAt is when the client last got an ID token of it with a code.
	SignedInAt time.Time
}

// Event is an event that ends sessions of a user at clients.
type Event struct {
	UserID string
	// ClientID, WorkspaceID and FamilyID limit the event if they are not empty.
	ClientID, WorkspaceID string
	FamilyID              []byte
	// Browser limits it to sessions of a browser session, unless it is zero.
	Browser secret.Hash
	// Before limits it to grants that were born before a cursor of the revocation log; 0 is any.
	Before int64
	// Reason is one of the constants below.
	Reason string
}

// The reasons of events, as the log of deliveries shows them.
const (
	ReasonLogout        = "logout"
	ReasonReuse         = "reuse"
	ReasonCodeReplay    = "code_replay"
	ReasonDisconnect    = "disconnect"
	ReasonGrantsRevoked = "grants_revoked"
	ReasonUserDisabled  = "user_disabled"
	ReasonMemberRemoved = "member_removed"
	// ReasonWorkspaceEnded is the decision of a workspace's administrator on a client.
	ReasonWorkspaceEnded = "workspace_ended"
)

// Clients finds clients.
type Clients interface {
	// LogoutClients returns those of the clients that get logout tokens, each with the algorithm of its
	// ID tokens; empty for the default one.
	LogoutClients(ctx context.Context, ids []string) (algorithms map[string]string, err error)
}

// Delivery is a logout token to send.
type Delivery struct {
	ID int64
	Session

	Reason string
	// Attempts is how often it was sent; for one that was claimed, this time included.
	Attempts int
	// CreatedAt is when the session ended, and Age how long ago that is.
	CreatedAt time.Time
	Age       time.Duration
}

// Record is a delivery as its log shows it.
type Record struct {
	Delivery

	// Status is that of the client's response; 0 if there was none.
	Status int
	// Problem is for the client's author; empty if nothing went wrong.
	Problem string
	// AttemptedAt and DueAt are zero where there is no attempt.
	AttemptedAt, DueAt  time.Time
	Finished, Delivered bool
}

// Result is the result of one attempt.
type Result struct {
	Status  int
	Problem string
	// Retry says that there was no response.
	Retry bool
}

// Outcome is what became of a delivery, as its metric names it.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	// Refused is a response of the client that is not a success.
	Refused Outcome = "refused"
	// Undelivered is a delivery without a response, after all attempts.
	Undelivered Outcome = "undelivered"
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{Delivered, Refused, Undelivered} }

func (r Result) outcome() Outcome {
	switch {
	case r.Problem == "":
		return Delivered
	case r.Status != 0:
		return Refused
	}
	return Undelivered
}
