package policy

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Setting is a policy as it was set.
type Setting struct {
	Rule Rule
	// By is who set it, and At when; zero where none was set.
	By oauth.NamedUser
	At time.Time
	// Waiting is how many requests wait; it is counted up to 1,000.
	Waiting int
}

// Approval is an approved client.
type Approval struct {
	ClientID string
	By       oauth.NamedUser
	At       time.Time
}

// State is what became of a request. Its values are those stored, and the numbers of
// usher.consent.v1.AppRequestState.
type State int16

// The states. The zero value is none.
const (
	Waiting  State = 1
	Granted  State = 2
	Declined State = 3
)

// Request is a member's request for the approval of a client. The names and texts are untrusted.
type Request struct {
	WorkspaceID, ClientID string
	User                  oauth.NamedUser
	Reason                string
	At                    time.Time
	State                 State
	// The rest is of the decision, and empty while the request waits.
	Answer    string
	By        oauth.NamedUser
	DecidedAt time.Time
}

// Decision decides the waiting requests for a client.
type Decision struct {
	WorkspaceID, ClientID string
	Approve               bool
	Answer                string
	By                    oauth.NamedUser
}

// Query selects a page of requests.
type Query struct {
	WorkspaceID string
	WaitingOnly bool
	// After is the last request of the previous page, of which At, ClientID and User.UserID are read; zero
	// for the first page.
	After Request
	Limit int
}

// Store persists policies. Every change is one transaction.
type Store interface {
	Policies
	Setting(ctx context.Context, workspaceID string) (Setting, error)
	SetRule(ctx context.Context, workspaceID string, rule Rule, by oauth.NamedUser) error
	// ApprovedClients lists the approved clients of a workspace, in no particular order.
	ApprovedClients(ctx context.Context, workspaceID string) ([]Approval, error)
	// Approve approves a client, and the requests that wait for it. ErrFull.
	Approve(ctx context.Context, workspaceID, clientID string, by oauth.NamedUser) error
	// Withdraw withdraws the approval of a client; it succeeds where there is none.
	Withdraw(ctx context.Context, workspaceID, clientID string, by oauth.NamedUser) error
	// RecordEnd records that a client was ended in a workspace, with the number of users who had a grant.
	RecordEnd(ctx context.Context, e End) error
	// Requests lists requests, the newest first.
	Requests(ctx context.Context, q Query) ([]Request, error)
	// RequestsOf returns the requests of a user for a client, in all workspaces.
	RequestsOf(ctx context.Context, userID, clientID string) ([]Request, error)
	// Ask stores a request that waits, in place of one that the user made before. ErrFull.
	Ask(ctx context.Context, r Request) error
	// Decide decides the waiting requests for a client, and approves it. ErrNoRequest, ErrFull.
	Decide(ctx context.Context, d Decision) error
}

// End is the end of a client in a workspace by one of its administrators, or by an operator.
type End struct {
	WorkspaceID, ClientID string
	Users                 int64
	By                    oauth.NamedUser
}

// Versions raises the version of a workspace's policy in the token service.
type Versions interface {
	RaisePolicyVersion(ctx context.Context, workspaceID string) error
}

// Administration changes policies. Its methods may be called concurrently; they return when every later
// decision obeys the change.
type Administration struct {
	Store    Store
	Versions Versions
}

// stepTimeout is how long the change may take after the first raise of the version, and the second raise.
const stepTimeout = 10 * time.Second

// change makes a change between two raises of the version. A decision that reads the version after the
// second raise reads the policy after the change. The first raise is for a failure of the second: a
// policy that was cached before the change has another version then, and one that is cached in between
// is dropped within a minute.
//
// A caller that goes away after the first raise interrupts nothing. The second raise is left out only where
// the change was refused: after any other error it may have been committed.
func (a Administration) change(ctx context.Context, workspaceID string, change func(ctx context.Context) error) error {
	if err := a.Versions.RaisePolicyVersion(ctx, workspaceID); err != nil {
		return err
	}
	err := uninterrupted(ctx, change)
	if errors.Is(err, ErrFull) || errors.Is(err, ErrNoRequest) {
		return err
	}
	return errors.Join(err, uninterrupted(ctx, func(ctx context.Context) error { return a.Versions.RaisePolicyVersion(ctx, workspaceID) }))
}

// uninterrupted takes a step that the caller cannot interrupt, with a timeout of its own.
func uninterrupted(ctx context.Context, step func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	return step(ctx)
}

// RecordEnd records that a client was ended, also for a caller that went away meanwhile.
func (a Administration) RecordEnd(ctx context.Context, e End) error {
	return uninterrupted(ctx, func(ctx context.Context) error { return a.Store.RecordEnd(ctx, e) })
}

// SetRule sets the rule of a workspace.
func (a Administration) SetRule(ctx context.Context, workspaceID string, rule Rule, by oauth.NamedUser) error {
	if rule != Anyone && rule != Approved && rule != None {
		return oauth.InvalidField("policy", "must be anyone, approved or nobody")
	}
	return a.change(ctx, workspaceID, func(ctx context.Context) error { return a.Store.SetRule(ctx, workspaceID, rule, by) })
}

// Approve approves a client. ErrFull.
func (a Administration) Approve(ctx context.Context, workspaceID, clientID string, by oauth.NamedUser) error {
	return a.change(ctx, workspaceID, func(ctx context.Context) error { return a.Store.Approve(ctx, workspaceID, clientID, by) })
}

// Withdraw withdraws the approval of a client. Connections stay.
func (a Administration) Withdraw(ctx context.Context, workspaceID, clientID string, by oauth.NamedUser) error {
	return a.change(ctx, workspaceID, func(ctx context.Context) error { return a.Store.Withdraw(ctx, workspaceID, clientID, by) })
}

// Decide decides the waiting requests for a client. ErrNoRequest, ErrFull.
func (a Administration) Decide(ctx context.Context, d Decision) (err error) {
	if d.Answer, err = text("answer", d.Answer); err != nil {
		return err
	}
	return a.change(ctx, d.WorkspaceID, func(ctx context.Context) error { return a.Store.Decide(ctx, d) })
}

// text validates a text of a user, without the space around it. Line breaks are kept.
func text(field, s string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if utf8.RuneCountInString(s) > maxText {
		return "", oauth.InvalidField(field, "must be at most 500 characters")
	}
	for _, r := range s {
		if r == utf8.RuneError || r != '\n' && !unicode.IsPrint(r) {
			return "", oauth.InvalidField(field, "must be printable characters")
		}
	}
	return s, nil
}

// Ask stores a member's request. The access is what the policy says of the client. ErrFull, and an
// *oauth.FieldError for a client that needs no approval.
func (a Administration) Ask(ctx context.Context, r Request, access Access) (err error) {
	if r.Reason, err = text("reason", r.Reason); err != nil {
		return err
	}
	if access == Open {
		return oauth.InvalidField("workspace_id", "needs no approval of the app")
	}
	return a.Store.Ask(ctx, r)
}

// RequestsOf returns the requests of a user for a client, in all workspaces.
func (a Administration) RequestsOf(ctx context.Context, userID, clientID string) ([]Request, error) {
	return a.Store.RequestsOf(ctx, userID, clientID)
}
