package activity

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// requestID is the header with the id of a request.
const requestID = "Usher-Request-Id"

// inTime is how soon a refused request must be in the log.
const inTime = 2 * time.Second

// walk provokes refusals by real requests, and follows the request log meanwhile.
type walk struct {
	*caller

	t *testing.T
	// john is a browser in which John is signed in.
	john *harness.Browser
	// session is John's, for the pages' RPCs.
	session string
	// sent are the refused requests, by their ids.
	sent map[string]sent
	log  *followed
	// late are refusals of what was prepared and has expired.
	late []later
}

// sent is a refused request.
type sent struct {
	cause string
	at    time.Time
}

// followed is the request log as an operator sees it.
type followed struct {
	mu sync.Mutex
	// seen is when a row first named a request as its last one, and rows is the row.
	seen map[string]time.Time
	rows map[string]*activityv1.LoggedRequest
}

// newWalk returns a walk of a deployment, and follows its log until the test ends.
func newWalk(t *testing.T, d *harness.Deployment) *walk {
	t.Helper()
	w := &walk{caller: newCaller(t, d), t: t, john: d.NewBrowser(), sent: map[string]sent{}}
	expect.NoError(t, w.john.SignInAs(harness.JohnEmail))
	w.session = w.john.Cookie(harness.SessionCookie)
	w.log = &followed{seen: map[string]time.Time{}, rows: map[string]*activityv1.LoggedRequest{}}
	conn, err := d.Dial("operator", "activity")
	expect.NoError(t, err)
	service := activityv1.NewRequestLogServiceClient(conn)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.Tick(50 * time.Millisecond); ; {
			res, err := service.ListRequests(t.Context(), &activityv1.ListRequestsRequest{RefusedOnly: true, PageSize: 200})
			if err == nil {
				w.log.add(res.GetRequests())
			}
			select {
			case <-tick:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped; expect.NoError(t, conn.Close()) })
	return w
}

func (f *followed) add(rows []*activityv1.LoggedRequest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rows {
		if f.rows[r.GetRequestId()] == nil {
			f.seen[r.GetRequestId()], f.rows[r.GetRequestId()] = time.Now(), r
		}
	}
}

// row returns the row of a request, and when it was there; nil before that.
func (f *followed) row(id string) (*activityv1.LoggedRequest, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rows[id], f.seen[id]
}

// refused records the response to a request that was refused for a cause.
func (w *walk) refused(cause string, h http.Header, err error) {
	w.t.Helper()
	expect.NoError(w.t, err)
	if id := h.Get(requestID); id == "" {
		w.t.Errorf("%s: the response has no %s", cause, requestID)
	} else {
		w.sent[id] = sent{cause, time.Now()}
	}
}

// form posts a form, given as pairs, that is refused for a cause.
func (w *walk) form(cause, path string, pairs ...string) {
	w.t.Helper()
	res, err := w.d.Form(path, values(pairs))
	w.refused(cause, res.Header, err)
}

// get sends a request without a body that is refused for a cause, with headers as names and values.
func (w *walk) get(cause, path string, headers ...string) {
	w.t.Helper()
	res, err := w.d.Call(http.MethodGet, path, headers...)
	w.refused(cause, res.Header, err)
}

// open opens an address in a browser; the request is refused for a cause.
func (w *walk) open(cause string, b *harness.Browser, address string) {
	w.t.Helper()
	page, err := b.Get(address)
	w.refused(cause, page.Header, err)
}

// decide submits a consent page; the decision is refused for a cause.
func (w *walk) decide(cause string, b *harness.Browser, page harness.Page, workspace, decision string) {
	w.t.Helper()
	res, err := b.Decide(page, workspace, decision)
	w.refused(cause, res.Header, err)
}

// consent opens the consent page of a request as the user of a browser.
func (w *walk) consent(b *harness.Browser, r harness.Request) harness.Page {
	w.t.Helper()
	page, err := b.Consent(r)
	expect.NoError(w.t, err)
	return page
}

// approve approves a request as John and returns its code.
func (w *walk) approve(r harness.Request) string {
	w.t.Helper()
	code, err := w.john.Approve(r)
	expect.NoError(w.t, err)
	return code
}

// registered is a client with the secret that it authenticates with, if it has one.
type registered struct{ id, secret string }

// client registers a client of the operator.
func (w *walk) client(change func(*authzv1.CreateClientRequest)) registered {
	w.t.Helper()
	req := &authzv1.CreateClientRequest{
		ClientId: "vdo_client_" + strings.ToLower(rand.Text()[:12]), Name: "Walk", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL,
		RedirectUris: []string{harness.CallbackURI}, Scopes: []string{"videos:read", "jobs:read"},
	}
	if change != nil {
		change(req)
	}
	res := as[*authzv1.CreateClientResponse](w.t, w.must(w.t, "operator", "authz.v1.AdministrationService/CreateClient", req))
	w.d.RecordSecret("client_secret", res.GetClientSecret())
	return registered{req.GetClientId(), res.GetClientSecret()}
}

// public registers a client without a secret.
func (w *walk) public(change func(*authzv1.CreateClientRequest)) registered {
	w.t.Helper()
	return w.client(func(r *authzv1.CreateClientRequest) {
		r.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC
		if change != nil {
			change(r)
		}
	})
}

// with returns the parameters with the client's authentication.
func (r registered) with(pairs ...string) []string {
	pairs = append(pairs, "client_id", r.id)
	if r.secret != "" {
		pairs = append(pairs, "client_secret", r.secret)
	}
	return pairs
}

// issue gets a token pair of the client for John; scope is that of the request.
func (w *walk) issue(c registered, scope string, more ...string) harness.Response {
	w.t.Helper()
	verifier := harness.NewVerifier()
	code := w.approve(harness.Request{ClientID: c.id, Scope: scope, Verifier: verifier})
	res, err := w.d.Form("/oauth/token", values(c.with(append([]string{
		"grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI, "code_verifier", verifier,
	}, more...)...)))
	expect.NoError(w.t, err)
	if res.Status != http.StatusOK {
		w.t.Fatalf("no tokens for %s: %d %s", c.id, res.Status, res.Raw)
	}
	return res
}

func values(pairs []string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// allLifetimes is longer than every lifetime.
const allLifetimes = 745 * time.Hour

// later is what is provoked when the clocks of authz and token are so far ahead.
type later struct {
	ahead   time.Duration
	provoke func()
}

// after adds refusals of what has expired by then.
func (w *walk) after(ahead time.Duration, provoke func()) {
	w.late = append(w.late, later{ahead, provoke})
}

// endLifetimes moves the clocks of authz and token, and provokes what waits for it. The other tests of the
// package have the time of day again afterwards.
func (w *walk) endLifetimes() {
	w.t.Helper()
	defer w.moveClocks(0)
	slices.SortStableFunc(w.late, func(a, b later) int { return cmp.Compare(a.ahead, b.ahead) })
	now := time.Duration(0)
	for _, l := range w.late {
		if l.ahead != now {
			now = l.ahead
			w.moveClocks(now)
		}
		l.provoke()
	}
}

func (w *walk) moveClocks(ahead time.Duration) {
	w.t.Helper()
	w.d.SetOne("token", "USHER_TOKEN_DPOP_NONCE", strconv.FormatBool(ahead == allLifetimes))
	for _, name := range []string{"authz", "token"} {
		w.d.SetOne(name, "USHER_CLOCK_OFFSET", ahead.String())
		_, err := w.d.StopOne(name)
		expect.NoError(w.t, err)
		expect.NoError(w.t, w.d.StartOne(name))
	}
	expect.Eventually(w.t, "the services are connected again", func() bool {
		_, err := w.d.Active("vdo_oat_none")
		page, asked := w.john.Get("/consent?request=" + harness.NewVerifier())
		return err == nil && asked == nil && page.Status < http.StatusInternalServerError
	})
}

// complete reports whether every refused request is in the log.
func (w *walk) complete() bool {
	for id := range w.sent {
		if r, _ := w.log.row(id); r == nil {
			return false
		}
	}
	return true
}

// mustLog waits until each refused request is in the log, and checks its cause. Half of them must be there in
// time: a busy machine delays any number of the others.
func (w *walk) mustLog() map[string]*activityv1.LoggedRequest {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !w.complete() && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	byCause := map[string]*activityv1.LoggedRequest{}
	var took []time.Duration
	for id, s := range w.sent {
		r, at := w.log.row(id)
		if r == nil {
			w.t.Errorf("the request that is refused for %s is not in the log: %s", s.cause, id)
			continue
		}
		got := strings.ToLower(strings.TrimPrefix(r.GetKind().GetCause().String(), "CAUSE_"))
		expect.Equal(w.t, "cause of "+r.GetKind().GetMethod()+" "+r.GetKind().GetEndpoint(), got, s.cause)
		byCause[s.cause] = r
		took = append(took, at.Sub(s.at))
	}
	slices.Sort(took)
	if len(took) > 0 && took[len(took)/2] > inTime {
		w.t.Errorf("half of the refused requests were in the log later than after %s, and %s was wanted", took[len(took)/2], inTime)
	}
	return byCause
}

// TestFault_D3_EveryCauseIsInTheRequestLogInTime: every cause of the contract is provoked by a real request, and
// is in the log within two seconds with what was expected instead, or is named with the test that provokes it
// otherwise.
func TestFault_D3_EveryCauseIsInTheRequestLogInTime(t *testing.T) {
	w := newWalk(t, shared.Processes())
	for _, provoke := range []func(){
		w.atOnce, w.codes, w.refreshes, w.clients, w.devices, w.openID, w.assertions, w.proofs, w.api, w.pages, w.drafts, w.endLifetimes,
	} {
		provoke()
	}
	logged := w.mustLog()
	expect.NoError(t, w.d.CheckStored(t.Context(), "activity"))
	wantEvery(t, logged)
	for cause, compared := range comparisons() {
		wantDifference(t, logged[cause], cause, compared)
	}
}
