package decision_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

var (
	errSignedOut = errors.New("session required")
	errUnknown   = errors.New("unknown, says authz")
	errStale     = errors.New("stale, says authz")
	errDown      = errors.New("down")
)

// decidedAt is when every decision is made.
var decidedAt = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// world is identity, authz, token and the store of a Decider, in memory. The named call returns its
// error in fail.
type world struct {
	mu       sync.Mutex
	users    map[string]decision.User
	members  map[string][]decision.Workspace
	pending  map[string]decision.Pending
	epoch    int64
	granted  []oauth.GrantedScopes
	digest   string
	consents map[secret.Hash]decision.Consent
	done     []decision.Completion
	// redeemed are hashes of redeemed codes, and redeemedCalls the number of calls of Redeemed.
	redeemed      map[string]bool
	redeemedCalls int
	refused       decision.Refusal
	fail          map[string]error
	// completing is called when an authorization is completed; nil does nothing.
	completing func()
	// access is what policies say where it is not policy.Open, and asked the stored requests.
	access map[string]policy.Access
	asked  []policy.Request
}

func newWorld() *world {
	return &world{
		users: map[string]decision.User{
			"john": {ID: "usr_john", DisplayName: "John Doe", EmailAddress: "john@example.com"},
			"jane": {ID: "usr_jane", DisplayName: "Jane Doe", EmailAddress: "jane@example.com"},
		},
		members: map[string][]decision.Workspace{
			"usr_john": {{ID: "ws_acme", Name: "Acme"}, {ID: "ws_zoo", Name: "Zoo"}},
			"usr_jane": {{ID: "ws_acme", Name: "Acme"}},
		},
		pending: map[string]decision.Pending{"request": {
			ClientID: "app", ClientName: "Example App", RedirectOrigin: "https://yourapp.com",
			Scope: oauth.Scope{"videos:read", "analyze:write"}, EpochInDecision: true,
		}},
		consents: map[secret.Hash]decision.Consent{},
		fail:     map[string]error{},
		redeemed: map[string]bool{},
	}
}

func (w *world) decider() decision.Decider {
	return decision.Decider{
		Identity: w, Authorizations: w, Epochs: w, Codes: w, Consents: w, Approvals: w, Catalog: words{}, Policies: w, Requests: w,
	}
}

// enter is the begin of every call.
func (w *world) enter(call string) (leave func(), err error) {
	w.mu.Lock()
	return w.mu.Unlock, w.fail[call]
}

func (w *world) Session(_ context.Context, session secret.String) (decision.User, error) {
	leave, err := w.enter("Session")
	defer leave()
	user, ok := w.users[session.Reveal()]
	if err == nil && !ok {
		err = errSignedOut
	}
	user.Workspaces = w.members[user.ID]
	return user, err
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

func (w *world) Complete(_ context.Context, c decision.Completion) (secret.String, *decision.Pending, error) {
	leave, err := w.enter("Complete")
	defer leave()
	if w.completing != nil {
		w.completing()
	}
	p, ok := w.pending[c.Request.ID]
	if err == nil && !ok {
		err = errUnknown
	}
	if err == nil && p.SignIn && p.Outcome == nil {
		err = errSignedOut
	}
	if err == nil && c.ClientID != "" && c.ClientID != p.ClientID {
		err = errUnknown
	}
	if err != nil {
		return secret.String{}, nil, err
	}
	outcome := decision.Outcome{UserID: c.UserID, At: decidedAt}
	if c.WorkspaceID != "" {
		outcome.Approved, outcome.WorkspaceID, outcome.Code = true, c.WorkspaceID, []byte("hash")
		if c.Chosen != nil && len(*c.Chosen) < len(p.Scope) {
			outcome.Scope = *c.Chosen
		}
	}
	before := p.Outcome
	if before != nil && (before.Approved != outcome.Approved || before.WorkspaceID != outcome.WorkspaceID || before.UserID != outcome.UserID) {
		return secret.String{}, nil, errUnknown
	}
	if before == nil {
		p.Outcome = &outcome
		if c.Epoch != nil {
			p.Viewer = decision.Viewer{UserID: c.UserID, Epoch: *c.Epoch}
		}
		w.pending[c.Request.ID] = p
	}
	if before != nil && c.ReportRepeat {
		return secret.String{}, &p, nil
	}
	w.done = append(w.done, c)
	if c.WorkspaceID == "" {
		return secret.New("https://yourapp.com/callback?error=access_denied"), &p, nil
	}
	return secret.New("https://yourapp.com/callback?code=1"), &p, nil
}

func (w *world) Redeemed(_ context.Context, hash []byte) (bool, error) {
	leave, err := w.enter("Redeemed")
	defer leave()
	w.redeemedCalls++
	return w.redeemed[string(hash)], err
}

func (w *world) GetPairEpoch(context.Context, oauth.UserClient) (int64, error) {
	leave, err := w.enter("GetPairEpoch")
	defer leave()
	return w.epoch, err
}

func (w *world) PairState(_ context.Context, _ oauth.UserClient, _ []string, grants bool) (oauth.LiveGrants, error) {
	call := "GetPairEpoch"
	if grants {
		call = "GetPairGrants"
	}
	leave, err := w.enter(call)
	defer leave()
	return oauth.LiveGrants{Epoch: w.epoch, Scopes: w.granted, DescriptionDigest: w.digest}, err
}

func (w *world) StoredPairState(ctx context.Context, u oauth.UserClient, ids []string) (oauth.LiveGrants, error) {
	return w.PairState(ctx, u, ids, false)
}

func (w *world) Access(_ context.Context, _ string, ids []string, _ map[string]int64) (map[string]policy.Access, error) {
	leave, err := w.enter("Access")
	defer leave()
	access := map[string]policy.Access{}
	for _, id := range ids {
		if access[id] = w.access[id]; access[id] == 0 {
			access[id] = policy.Open
		}
	}
	return access, err
}

func (w *world) RequestsOf(context.Context, string, string) ([]policy.Request, error) {
	leave, err := w.enter("RequestsOf")
	defer leave()
	return w.asked, err
}

func (w *world) Ask(_ context.Context, r policy.Request, _ policy.Access) error {
	leave, err := w.enter("Ask")
	defer leave()
	w.asked = append(w.asked, r)
	return err
}

func (w *world) Record(ctx context.Context, c decision.Consent) error {
	leave, err := w.enter("Record")
	defer leave()
	if err == nil {
		err = ctx.Err()
	}
	if _, ok := w.consents[c.Request]; err == nil && !ok {
		w.consents[c.Request] = c
	}
	return err
}

// words describe one scope alone.
type words struct{}

func (words) Describe(name string) (string, bool) { return "View videos", name == "videos:read" }

func request(session string) decision.Request {
	return decision.Request{ID: "request", Session: secret.New(session), Browser: secret.New("browser"), PageInDecision: true}
}

// bound is a world in which john looks at a page of release 0.1, which is bound to him.
func bound(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	r := request("john")
	r.PageInDecision = false
	prompt, err := w.decider().GetPrompt(t.Context(), r)
	if err != nil || prompt.Page != nil || w.pending["request"].Viewer.UserID != "usr_john" {
		t.Fatalf("Prompt: %+v, %v", prompt.Page, err)
	}
	return w
}

// shown is a world in which john looks at the page.
func shown(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	if _, err := w.decider().GetPrompt(t.Context(), request("john")); err != nil {
		t.Fatalf("Prompt: %v", err)
	}
	return w
}

func (w *world) Refuse(_ context.Context, _ decision.Request, refusal decision.Refusal) (secret.String, error) {
	leave, err := w.enter("Refuse")
	defer leave()
	w.refused = refusal
	return secret.New("https://yourapp.com/callback?error=refused"), err
}

func (w *world) Granted(_ context.Context, u oauth.UserClient, epoch int64) ([]oauth.GrantedScopes, error) {
	leave, err := w.enter("Granted")
	defer leave()
	var list []oauth.GrantedScopes
	for _, c := range w.consents {
		if c.UserID == u.UserID && c.ClientID == u.ClientID && c.Epoch == epoch {
			list = append(list, oauth.GrantedScopes{WorkspaceID: c.WorkspaceID, Scope: c.Scope})
		}
	}
	return list, err
}
