package decision

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Failures of a Decider. Those of the services it asks pass through.
var (
	// ErrNotFound is an authorization that was shown to another user or to none, or was decided
	// otherwise before.
	ErrNotFound = errors.New("authorization not found")
	// ErrSignIn is an authorization for which the session does not suffice: the client asked for a
	// new sign-in.
	ErrSignIn = errors.New("the client asks for a new sign-in")
	// ErrStale says that the pair (user, app) was revoked after the screen was shown.
	ErrStale = errors.New("authorization is stale")
	// ErrUndecided is a form without a decision.
	ErrUndecided = errors.New("no decision was made")
	// ErrWorkspaceMissing is an approval that names no workspace.
	ErrWorkspaceMissing = errors.New("no workspace was chosen")
	// ErrNotMember is an approval for a workspace that the person does not belong to at this
	// moment.
	ErrNotMember = errors.New("not a member of the workspace")
)

// Request names a pending authorization as a browser does.
type Request struct {
	ID string
	// Session is the session cookie's value.
	Session secret.String
	// Browser is the browser cookie's value, to which the authorization is bound.
	Browser secret.String
}

// Person is the user who is signed in.
type User struct {
	ID           string
	DisplayName  string
	EmailAddress string
	// Workspaces are where the user belongs at this moment, by name.
	Workspaces []Workspace
}

// workspace finds a workspace that the user belongs to.
func (p User) workspace(id string) (Workspace, bool) {
	for _, w := range p.Workspaces {
		if w.ID == id {
			return w, true
		}
	}
	return Workspace{}, false
}

// Workspace is a workspace of a person.
type Workspace struct {
	ID   string
	Name string
	// Plan is the plan's name in the catalog.
	Plan string
	// Role is `member` or `administrator`.
	Role string
}

// Viewer is the user who saw the consent page, and the epoch of the user-client that it showed.
type Viewer struct {
	UserID string
	Epoch  int64
}

// Page identifies what a consent page showed.
type Page struct {
	ClientID string
	// Epoch is that of the user-client.
	Epoch int64
}

// Outcome is what was decided about an authorization.
type Outcome struct {
	Approved bool
	// UserID is who decided; empty when the authorization was cancelled before anybody signed in.
	UserID      string
	WorkspaceID string
	At          time.Time
	// Code is the hash of an approval's code; nil once the code's lifetime is over.
	Code []byte
}

// Pending is an authorization that waits for a decision, or was decided.
type Pending struct {
	ClientID string
	// ClientName is the app's name as registered: untrusted text.
	ClientName     string
	RedirectOrigin string
	// Scope is in the order it was asked.
	Scope oauth.Scope
	// Viewer is that of the decision, or of a page that was bound; zero before.
	Viewer Viewer
	// EpochInDecision says that the decision names the epoch of its page. Authz of release 0.1
	// binds the page instead.
	EpochInDecision bool
	// SignIn says that the client asked for a new sign-in, or for a choice of account, which the
	// session is not.
	SignIn bool
	// Outcome is nil while the authorization waits.
	Outcome *Outcome
}

// Identity returns who a browser is. Its failures pass through a Decider.
type Identity interface {
	// Session returns the user of a session with their workspaces.
	Session(ctx context.Context, session secret.String) (User, error)
}

// Authorizations are the pending ones, which authz keeps. Its failures pass through a Decider.
type Authorizations interface {
	// Find reads an authorization, decided or not.
	Find(ctx context.Context, r Request) (Pending, error)
	// Bind records the viewer at authz of release 0.1; another epoch of the same user later fails.
	Bind(ctx context.Context, r Request, v Viewer) error
	// Complete decides the authorization, once.
	Complete(ctx context.Context, c Completion) (Completed, error)
}

// Completion is a decision for authz.
type Completion struct {
	Request Request
	UserID  string
	// Epoch is that of the consent page; nil where the page was bound.
	Epoch *int64
	// Approval is nil when the user denied.
	Approval *Approval
	// ReportRepeat asks for the outcome of an approval that was made before, and not for its
	// location.
	ReportRepeat bool
	// RenewCode asks for a fresh code where the decision is repeated.
	RenewCode bool
	// CodeRedeemed says that the client has redeemed the code: only a second click, within seconds,
	// gets another one.
	CodeRedeemed bool
}

// Completed is an authorization that was decided.
type Completed struct {
	// Location is where the browser goes; zero for a repeat that was only reported.
	Location secret.String
	// Pending is what was asked for and decided; nil from release 0.1.
	Pending *Pending
}

// Approval is what the person agreed to.
type Approval struct {
	WorkspaceID string
	// DisplayName is the person's name at this moment.
	DisplayName string
}

// Epochs reads the epoch of a user-client, which rises with each revocation.
type Epochs interface {
	GetPairEpoch(ctx context.Context, u oauth.UserClient) (int64, error)
}

// Codes reads what became of a code.
type Codes interface {
	// Redeemed reports whether the code with that SHA-256 was redeemed.
	Redeemed(ctx context.Context, hash []byte) (bool, error)
}

// Catalog has the words for a scope.
type Catalog interface {
	Describe(name string) (description string, ok bool)
}

// Consents is the durable record of what was approved.
type Consents interface {
	// Record keeps a consent unless one of the same request is kept: a request is decided once, so
	// that they are equal.
	Record(ctx context.Context, c Consent) error
}

// Consent is one approval as it is kept.
type Consent struct {
	// Request is the hash of the authorization's identifier, of which a request has one consent.
	Request     secret.Hash
	UserID      string
	ClientID    string
	WorkspaceID string
	Scope       oauth.Scope
	// Epoch is the pair's when the person approved: the consent counts as long as it stays that.
	Epoch int64
}

// Decider shows consent screens and takes decisions. Its methods may be called concurrently.
type Decider struct {
	Identity       Identity
	Authorizations Authorizations
	Epochs         Epochs
	Codes          Codes
	Consents       Consents
	Catalog        Catalog
	Logger         *slog.Logger
}

// open reads the user and the authorization, concurrently. A browser that is not signed in learns
// that first, whatever else is wrong, so that the response does not depend on which of the two was
// quicker.
func (d Decider) open(ctx context.Context, r Request) (User, Pending, error) {
	var pending Pending
	var pendingErr error
	var asking sync.WaitGroup
	asking.Go(func() { pending, pendingErr = d.Authorizations.Find(ctx, r) })
	person, err := d.Identity.Session(ctx, r.Session)
	asking.Wait()
	if err == nil {
		err = pendingErr
	}
	if err == nil && pending.SignIn && pending.Outcome == nil {
		err = ErrSignIn
	}
	if err != nil {
		return User{}, Pending{}, err
	}
	return person, pending, nil
}
