package decision

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

// Errors of a Decider. Errors of the services that it calls pass through.
var (
	// ErrNotFound is an authorization that was shown to another user or to none, or has another
	// decision.
	ErrNotFound = errors.New("authorization not found")
	// ErrSignIn is an authorization that requires a new sign-in, because the client asked for one.
	ErrSignIn = errors.New("the client asks for a new sign-in")
	// ErrStale says that the user-client was revoked after the consent screen was shown.
	ErrStale = errors.New("authorization is stale")
	// ErrUndecided is a form without a decision.
	ErrUndecided = errors.New("no decision was made")
	// ErrWorkspaceMissing is an approval that names no workspace.
	ErrWorkspaceMissing = errors.New("no workspace was chosen")
	// ErrPolicy is an approval for a workspace whose policy does not let the client be connected.
	ErrPolicy = errors.New("the policy of the workspace does not allow the app")
	// ErrNotMember is an approval for a workspace of which the user is not currently a member.
	ErrNotMember = errors.New("not a member of the workspace")
)

// PolicyError is ErrPolicy for the client of a request, which the request log names for its author.
type PolicyError struct{ ClientID string }

// Error returns the text of ErrPolicy.
func (*PolicyError) Error() string { return ErrPolicy.Error() }

// Unwrap returns ErrPolicy.
func (*PolicyError) Unwrap() error { return ErrPolicy }

// Request identifies a pending authorization by the values that a browser sends.
type Request struct {
	ID string
	// Session is the session cookie's value.
	Session secret.String
	// Browser is the browser cookie's value, to which the authorization is bound.
	Browser secret.String
	// PageInDecision says that the decision will name the page that it was made on. The gateway of release 0.1 does not.
	PageInDecision bool
}

// User is the signed-in user.
type User struct {
	ID           string
	DisplayName  string
	EmailAddress string
	// AuthTime is when the user authenticated for the session; zero where that is not known.
	AuthTime time.Time
	// Language is the one that the user chose, a BCP 47 tag; empty for the browser's. TimeZone is an
	// IANA name; empty for UTC.
	Language, TimeZone string
	// Workspaces are the user's current workspaces, ordered by name.
	Workspaces []Workspace
}

// workspaceIDs returns the identifiers of the user's workspaces, of the first ones where there are more
// than any page shows.
func (p User) workspaceIDs() []string {
	ids := make([]string, 0, len(p.Workspaces))
	for _, w := range p.Workspaces[:min(len(p.Workspaces), maxWorkspaces)] {
		ids = append(ids, w.ID)
	}
	return ids
}

// maxWorkspaces is the maximum number of workspaces whose policies are read for one page.
const maxWorkspaces = 1000

// workspace returns a workspace of which the user is a member.
func (p User) workspace(id string) (Workspace, bool) {
	for _, w := range p.Workspaces {
		if w.ID == id {
			return w, true
		}
	}
	return Workspace{}, false
}

// Workspace is a workspace of a user.
type Workspace struct {
	ID   string
	Name string
	// Plan is the plan's name in the catalog.
	Plan string
	// Role is `member`, `developer` or `administrator`.
	Role string
}

// Viewer is the user who saw the consent page, and the epoch of the user-client at that time.
type Viewer struct {
	UserID string
	Epoch  int64
}

// Page identifies a consent page.
type Page struct {
	ClientID string
	// Epoch is that of the user-client.
	Epoch int64
}

// Outcome is the decision on an authorization.
type Outcome struct {
	Approved bool
	// UserID is the user who decided; empty when the authorization was cancelled before a sign-in.
	UserID      string
	WorkspaceID string
	At          time.Time
	// Code is the hash of an approval's code; nil once the code's lifetime is over.
	Code []byte
	// Scope is what was approved, where the user left some scopes out; empty for all of them.
	Scope oauth.Scope
}

// Device is a device that waits for the outcome of an authorization (RFC 8628).
type Device struct {
	// Source is the network address of its request; empty where that is not known.
	Source      string
	RequestedAt time.Time
}

// Pending is an authorization that waits for a decision, or was decided.
type Pending struct {
	ClientID string
	// ClientName is the client's name as registered: untrusted text.
	ClientName     string
	RedirectOrigin string
	// Device gets the outcome in place of a redirect URI; nil for any other authorization.
	Device *Device
	// Scope is in the order of the request.
	Scope oauth.Scope
	// Identity describes the client to users; nil where it is not known.
	Identity *oauth.AppIdentity
	// DescriptionDigest is that of the client's description now; empty where it is not known.
	DescriptionDigest string
	// Optional is the part of Scope that the user may leave out.
	Optional oauth.Scope
	// Confidential is the client's type.
	Confidential bool
	// Viewer is that of the decision, or of a bound page; zero before.
	Viewer Viewer
	// EpochInDecision says that the decision names the epoch of its page. Authz of release 0.1
	// binds the page instead.
	EpochInDecision bool
	// SignIn says that the client asked for a new sign-in, or for a choice of account, which the
	// session does not satisfy.
	SignIn bool
	// SignInSince is the earliest sign-in that the client accepts; zero for any.
	SignInSince time.Time
	// Silent says that the authorization must be decided without a page.
	Silent bool
	// Outcome is nil while the authorization waits.
	Outcome *Outcome
}

// Identity resolves sessions. Its errors pass through a Decider.
type Identity interface {
	// Session returns the user of a session with the user's workspaces.
	Session(ctx context.Context, session secret.String) (User, error)
}

// Authorizations are the authorizations that authz stores. Its errors pass through a Decider.
type Authorizations interface {
	// Find returns an authorization, decided or not.
	Find(ctx context.Context, r Request) (Pending, error)
	// Bind records the viewer in authz of release 0.1; a later call with another epoch of the same
	// user fails.
	Bind(ctx context.Context, r Request, v Viewer) error
	// Complete records the decision on the authorization, once. It returns the redirect URI, which is
	// zero for a repeat that was only reported and for a device, and the authorization with its outcome, which is nil
	// from release 0.1.
	Complete(ctx context.Context, c Completion) (location secret.String, decided *Pending, err error)
	// Refuse returns the redirect of an authorization that must not show a page, with an error.
	Refuse(ctx context.Context, r Request, refusal Refusal) (secret.String, error)
}

// Completion is a decision for authz.
type Completion struct {
	Request Request
	UserID  string
	// ClientID is the client of the consent page, which must be that of the authorization; empty where the
	// page was bound, and without a page.
	ClientID string
	// Epoch is that of the consent page; nil where the page was bound.
	Epoch *int64
	// WorkspaceID is that of an approval; empty when the user denied.
	WorkspaceID string
	// Chosen are the scopes that the user approved; nil where the user did not choose, so that all
	// requested ones are approved.
	Chosen *oauth.Scope
	// DisplayName is the current name of the user who approved, and AuthTime when they authenticated.
	DisplayName string
	AuthTime    time.Time
	// Silent says that the approval was made without a page.
	Silent bool
	// ReportRepeat asks for the outcome of an approval that was made before, and not for its
	// redirect.
	ReportRepeat bool
	// RenewCode asks for a new code when the decision is repeated.
	RenewCode bool
	// CodeRedeemed says that the client has redeemed the code: only a double click, within seconds,
	// gets a new one.
	CodeRedeemed bool
}

// Epochs reads the epoch of a user-client, which rises with each revocation.
type Epochs interface {
	GetPairEpoch(ctx context.Context, u oauth.UserClient) (int64, error)
	// PairState is GetPairEpoch together with the policy versions of workspaces, and with the user's live
	// grants if they are asked for.
	PairState(ctx context.Context, u oauth.UserClient, workspaceIDs []string, grants bool) (oauth.LiveGrants, error)
	// StoredPairState is PairState of a user-client to which a consent page was shown; ErrStale for any other,
	// of which it stores nothing: a form may name any client.
	StoredPairState(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (oauth.LiveGrants, error)
}

// Policies are the policies of workspaces about clients.
type Policies interface {
	// Access returns whether the members of workspaces may connect a client, given the versions of their
	// policies; nil where the versions are not known.
	Access(ctx context.Context, clientID string, workspaceIDs []string, versions map[string]int64) (map[string]policy.Access, error)
}

// Requests are what members asked their administrators for.
type Requests interface {
	// RequestsOf returns the requests of a user for a client, in all workspaces.
	RequestsOf(ctx context.Context, userID, clientID string) ([]policy.Request, error)
	// Ask stores a request. policy.ErrFull, and an *oauth.FieldError.
	Ask(ctx context.Context, r policy.Request, access policy.Access) error
}

// Codes looks up the redemption of codes.
type Codes interface {
	// Redeemed reports whether the code with that SHA-256 was redeemed.
	Redeemed(ctx context.Context, hash []byte) (bool, error)
}

// Catalog has the descriptions of scopes.
type Catalog interface {
	Describe(name string) (description string, ok bool)
}

// Consents persists what was approved.
type Consents interface {
	// Record stores a consent unless one of the same request is stored: a request is decided once,
	// so the two are equal.
	Record(ctx context.Context, c Consent) error
}

// Consent is one approval as it is stored.
type Consent struct {
	// Request is the hash of the authorization's identifier: a request has one consent.
	Request     secret.Hash
	UserID      string
	ClientID    string
	WorkspaceID string
	Scope       oauth.Scope
	// Epoch is the user-client's at the time of approval: the consent is valid until the epoch
	// changes.
	Epoch int64
}

// Decider returns consent screens and records decisions. Its methods may be called concurrently.
type Decider struct {
	Identity       Identity
	Authorizations Authorizations
	Epochs         Epochs
	Codes          Codes
	Consents       Consents
	Approvals      PriorApprovals
	Catalog        Catalog
	Policies       Policies
	Requests       Requests
}

// open reads the user and the authorization concurrently. The error of the session has precedence
// over that of the authorization, so that the response does not depend on which of the two returned
// first.
func (d Decider) open(ctx context.Context, r Request) (User, Pending, error) {
	var pending Pending
	var pendingErr error
	var asking sync.WaitGroup
	asking.Go(func() { pending, pendingErr = d.Authorizations.Find(ctx, r) })
	user, err := d.Identity.Session(ctx, r.Session)
	asking.Wait()
	if err == nil {
		err = pendingErr
	}
	tooEarly := !user.AuthTime.IsZero() && user.AuthTime.Before(pending.SignInSince)
	if err == nil && (pending.SignIn || tooEarly) && pending.Outcome == nil {
		err = ErrSignIn
	}
	if err != nil {
		return User{}, Pending{}, err
	}
	return user, pending, nil
}
