package decision_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

var (
	errSignedOut = errors.New("session required")
	errUnknown   = errors.New("unknown, says authz")
	errStale     = errors.New("stale, says authz")
	errDown      = errors.New("down")
)

// decidedAt is when every decision is made.
var decidedAt = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// world is identity, authz, token and the store of a desk, in memory. An error in fail is what the named call answers.
type world struct {
	mu       sync.Mutex
	people   map[string]decision.Person
	members  map[string][]decision.Workspace
	pending  map[string]decision.Pending
	epoch    int64
	consents map[secret.Hash]decision.Consent
	done     []decision.Completion
	// redeemed are hashes of codes, and asked how often they were asked for.
	redeemed map[string]bool
	asked    int
	// onRecord is called when a consent is recorded.
	onRecord func()
	fail     map[string]error
}

func newWorld() *world {
	return &world{
		people: map[string]decision.Person{
			"john": {ID: "usr_john", DisplayName: "John Doe", EmailAddress: "john@example.com"},
			"jane": {ID: "usr_jane", DisplayName: "Jane Doe", EmailAddress: "jane@example.com"},
		},
		members: map[string][]decision.Workspace{
			"usr_john": {{ID: "ws_acme", Name: "Acme"}, {ID: "ws_zoo", Name: "Zoo"}},
			"usr_jane": {{ID: "ws_acme", Name: "Acme"}},
		},
		pending: map[string]decision.Pending{"request": {
			ClientID: "app", ClientName: "Example App", RedirectOrigin: "https://yourapp.com",
			Scope: oauth.Scope{"videos:read", "analyze:write"},
		}},
		consents: map[secret.Hash]decision.Consent{},
		fail:     map[string]error{},
		redeemed: map[string]bool{},
	}
}

func (w *world) decider() decision.Decider {
	return decision.Decider{
		Identity: w, Authorizations: w, Epochs: w, Codes: w, Consents: w, Catalog: words{}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// enter is the begin of every call.
func (w *world) enter(call string) (leave func(), err error) {
	w.mu.Lock()
	return w.mu.Unlock, w.fail[call]
}

func (w *world) Session(_ context.Context, session secret.String) (decision.Person, error) {
	leave, err := w.enter("Session")
	defer leave()
	person, ok := w.people[session.Reveal()]
	if err == nil && !ok {
		err = errSignedOut
	}
	return person, err
}

func (w *world) Workspaces(_ context.Context, userID string) ([]decision.Workspace, error) {
	leave, err := w.enter("Workspaces")
	defer leave()
	return w.members[userID], err
}

func (w *world) CheckMember(_ context.Context, userID, workspaceID string) error {
	leave, err := w.enter("CheckMember")
	defer leave()
	for _, m := range w.members[userID] {
		if m.ID == workspaceID {
			return err
		}
	}
	return decision.ErrNotMember
}

func (w *world) Find(_ context.Context, r decision.Request) (decision.Pending, error) {
	leave, err := w.enter("Find")
	defer leave()
	p, ok := w.pending[r.ID]
	if err == nil && (!ok || r.Browser.Reveal() != "browser") {
		err = errUnknown
	}
	return p, err
}

func (w *world) Bind(_ context.Context, r decision.Request, v decision.Viewer) error {
	leave, err := w.enter("Bind")
	defer leave()
	p := w.pending[r.ID]
	switch {
	case err != nil:
		return err
	case p.Viewer.UserID != v.UserID:
		p.Viewer = v
		w.pending[r.ID] = p
	case p.Viewer != v:
		return errStale
	}
	return nil
}

func (w *world) Complete(_ context.Context, c decision.Completion) (secret.String, error) {
	leave, err := w.enter("Complete")
	defer leave()
	p, ok := w.pending[c.Request.ID]
	if err == nil && !ok {
		err = errUnknown
	}
	if err != nil {
		return secret.String{}, err
	}
	outcome := decision.Outcome{UserID: c.UserID, At: decidedAt}
	if c.Approval != nil {
		outcome.Approved, outcome.WorkspaceID, outcome.Code = true, c.Approval.WorkspaceID, []byte("hash")
	}
	if p.Outcome != nil && (p.Outcome.Approved != outcome.Approved || p.Outcome.WorkspaceID != outcome.WorkspaceID) {
		return secret.String{}, errUnknown
	}
	if p.Outcome == nil {
		p.Outcome = &outcome
		w.pending[c.Request.ID] = p
	}
	w.done = append(w.done, c)
	if c.Approval == nil {
		return secret.New("https://yourapp.com/callback?error=access_denied"), nil
	}
	return secret.New("https://yourapp.com/callback?code=1"), nil
}

func (w *world) Redeemed(_ context.Context, hash []byte) (bool, error) {
	leave, err := w.enter("Redeemed")
	defer leave()
	w.asked++
	return w.redeemed[string(hash)], err
}

func (w *world) GetPairEpoch(context.Context, oauth.UserClient) (int64, error) {
	leave, err := w.enter("GetPairEpoch")
	defer leave()
	return w.epoch, err
}

func (w *world) Record(_ context.Context, c decision.Consent) (string, error) {
	leave, err := w.enter("Record")
	defer leave()
	if err != nil {
		return "", err
	}
	if w.onRecord != nil {
		w.onRecord()
	}
	if _, ok := w.consents[c.Request]; !ok {
		w.consents[c.Request] = c
	}
	return w.consents[c.Request].WorkspaceID, nil
}

func (w *world) Withdraw(_ context.Context, request secret.Hash) error {
	leave, err := w.enter("Withdraw")
	defer leave()
	if err == nil {
		delete(w.consents, request)
	}
	return err
}

// words describe one scope alone.
type words struct{}

func (words) Describe(name string) (string, bool) { return "View videos", name == "videos:read" }

func request(session string) decision.Request {
	return decision.Request{ID: "request", Session: secret.New(session), Browser: secret.New("browser")}
}

// shown is a world in which john looks at the screen.
func shown(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	if _, err := w.decider().GetPrompt(t.Context(), request("john")); err != nil {
		t.Fatalf("Prompt: %v", err)
	}
	return w
}
