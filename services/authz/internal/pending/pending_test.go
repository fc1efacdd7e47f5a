package pending_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

func TestARequestWaitsUnchangedUntilItIsClosed(t *testing.T) {
	b := newBench(t)
	want := pending.Authorization{ID: b.id, Request: request()}
	for range 2 { // finding changes nothing
		got, err := b.Find(t.Context(), b.id, b.browser)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v, found (-want +got):\n%s", err, diff)
		}
	}
	if err := b.Bind(t.Context(), b.id, b.browser, john()); err != nil {
		t.Fatal(err)
	}
	want.Viewer = john()
	found, err := b.Find(t.Context(), b.id, b.browser)
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("%v, found when bound (-want +got):\n%s", err, diff)
	}
	closed, won, err := b.Close(t.Context(), b.id, b.browser, approve)
	outcome := approval()
	outcome.At, outcome.Attempt = time.UnixMicro(b.clock.Now().UnixMicro()), 1
	want.Outcome = outcome
	if diff := cmp.Diff(want, closed); err != nil || !won || diff != "" {
		t.Errorf("%v, won %v, closed (-want +got):\n%s", err, won, diff)
	}
	looked, err := b.Look(t.Context(), b.id, b.browser)
	if diff := cmp.Diff(want, looked); err != nil || diff != "" {
		t.Errorf("%v, looked at (-want +got):\n%s", err, diff)
	}
	_, err = b.Find(t.Context(), b.id, b.browser)
	wantError(t, "Find after Close", err, pending.ErrDecided)
	wantError(t, "Bind after Close", b.Bind(t.Context(), b.id, b.browser, john()), pending.ErrDecided)
	wantError(t, "ChooseAccount after Close", b.ChooseAccount(t.Context(), b.id, b.browser), pending.ErrDecided)
	again, won, err := b.Close(t.Context(), b.id, b.browser, func(*pending.Authorization) error {
		t.Error("a decided request is decided again")
		return nil
	})
	if diff := cmp.Diff(want, again); err != nil || won || diff != "" {
		t.Errorf("%v, won %v, closed again (-want +got):\n%s", err, won, diff)
	}
}

func TestAnOutcomeIsKeptAsLongAsItsCodeLives(t *testing.T) {
	b := newBench(t)
	b.clock.Advance(lifetime - time.Microsecond)
	if _, _, err := b.Close(t.Context(), b.id, b.browser, approve); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(kept)
	found, err := b.Look(t.Context(), b.id, b.browser)
	if err != nil || found.Outcome == nil {
		t.Errorf("as long as the code is valid: %v, %v", found.Outcome, err)
	}
	b.clock.Advance(time.Minute)
	_, err = b.Look(t.Context(), b.id, b.browser)
	wantError(t, "later", err, pending.ErrExpired)
}

// Release 0.1 has no outcomes: it reads a decided request as an expired one, because of its
// deadline.
func TestTheReleaseBeforeTakesADecidedRequestForAnExpiredOne(t *testing.T) {
	b := newBench(t)
	if _, _, err := b.Close(t.Context(), b.id, b.browser, approve); err != nil {
		t.Fatal(err)
	}
	value, _ := b.entries.Kept(b.entries.Keys()[0])
	var stored struct {
		Deadline int64 `json:"deadline"`
	}
	if err := json.Unmarshal(value, &stored); err != nil || stored.Deadline != 0 {
		t.Errorf("its deadline is %d, %v", stored.Deadline, err)
	}
}

func TestFault_A7_EveryMissingRequestHasItsError(t *testing.T) {
	b := newBench(t)
	look := func(id string, browser secret.String) error {
		_, err := b.Look(t.Context(), id, browser)
		return err
	}
	wantError(t, "another browser", look(b.id, secret.NewCode()), pending.ErrOtherBrowser)
	wantError(t, "invented", look(secret.NewCode().Reveal(), b.browser), pending.ErrUnknown)
	wantError(t, "cut", look(b.id[:20], b.browser), pending.ErrUnknown)
	b.clock.Advance(lifetime)
	wantError(t, "expired and kept", look(b.id, b.browser), pending.ErrExpired)
	if r, stored, err := b.Expired(t.Context(), b.id, b.browser); err != nil || !stored || r.ClientID != authztest.Web {
		t.Errorf("an expired request that is kept: %v, %v, %v", r.ClientID, stored, err)
	}
	if err := b.entries.Delete(t.Context(), b.entries.Keys()[0]); err != nil {
		t.Fatal(err)
	}
	wantError(t, "expired and gone", look(b.id, b.browser), pending.ErrExpired)
	if _, stored, err := b.Expired(t.Context(), b.id, b.browser); err != nil || stored {
		t.Errorf("an expired request that is deleted is found: %v", err)
	}
	fresh := b.open(t, request())
	if err := b.entries.Delete(t.Context(), b.entries.Keys()[0]); err != nil {
		t.Fatal(err)
	}
	wantError(t, "lost by the store", look(fresh, b.browser), pending.ErrUnknown)
}

func TestASessionOfLaterMeetsADemand(t *testing.T) {
	first := secret.NewCode()
	for _, d := range []pending.Demand{{SignIn: true, Session: secret.Sum(first.Reveal())}, {Account: true, Session: secret.Sum(first.Reveal())}} {
		b := emptyBench()
		r := request()
		r.Demand, r.LoginHint = d, "john@example.com"
		id := b.open(t, r)
		found, err := b.Find(t.Context(), id, b.browser)
		if diff := cmp.Diff(r, found.Request); err != nil || diff != "" {
			t.Errorf("%v, kept (-want +got):\n%s", err, diff)
		}
		if found.Demand.Meets(first, b.clock.Now()) || !found.Demand.Meets(secret.NewCode(), b.clock.Now()) {
			t.Errorf("%+v: the first session meets it, or a later one does not", d)
		}
		wantError(t, "choosing", b.ChooseAccount(t.Context(), id, b.browser), nil)
		if found, err = b.Find(t.Context(), id, b.browser); err != nil || found.Demand.Meets(first, b.clock.Now()) == d.SignIn {
			t.Errorf("%+v, after the account was chosen: met %v, %v", d, found.Demand.Meets(first, b.clock.Now()), err)
		}
	}
}

// TestAnotherSessionMeetsADemandOnlyAfterAnotherSignIn: a session that continues another one, and one that the
// browser did not send at the start, have another value too.
func TestAnotherSessionMeetsADemandOnlyAfterAnotherSignIn(t *testing.T) {
	b := emptyBench()
	r := request()
	r.Demand = pending.Demand{SignIn: true, Session: secret.Sum(secret.NewCode().Reveal()), Since: b.clock.Now()}
	found, err := b.Find(t.Context(), b.open(t, r), b.browser)
	if err != nil {
		t.Fatal(err)
	}
	for signedIn, want := range map[time.Time]bool{
		b.clock.Now(): true, b.clock.Now().Add(-time.Microsecond): false,
		{}: true, // of a release that does not know it
	} {
		if got := found.Demand.Meets(secret.NewCode(), signedIn); got != want {
			t.Errorf("a session of %s meets the demand: %t, want %t", signedIn, got, want)
		}
	}
}

func TestARequestBelongsToTheBrowserThatBeganIt(t *testing.T) {
	b := newBench(t)
	for call, err := range b.calls(t, b.id, secret.NewCode()) {
		wantError(t, call+" from another browser", err, pending.ErrNotFound)
	}
	found, err := b.Find(t.Context(), b.id, b.browser)
	if err != nil || found.Viewer != (pending.Viewer{}) {
		t.Errorf("another browser has changed the request: %v, %v", found.Viewer, err)
	}
	other := emptyBench()
	if _, err := b.Find(t.Context(), b.open(t, request()), other.browser); err == nil {
		t.Error("a browser that has a request of its own finds another's")
	}
}

func TestFault_A8_AnotherUserReplacesTheViewer(t *testing.T) {
	b := newBench(t)
	bind := func(v pending.Viewer) error { return b.Bind(t.Context(), b.id, b.browser, v) }
	wantError(t, "no user", bind(pending.Viewer{Epoch: 7}), pending.ErrNotFound)
	for range 2 {
		wantError(t, "John", bind(john()), nil)
	}
	wantError(t, "a later epoch", bind(pending.Viewer{UserID: "usr_john", Epoch: 8}), pending.ErrStale)
	wantError(t, "an earlier epoch", bind(pending.Viewer{UserID: "usr_john"}), pending.ErrStale)
	wantError(t, "no user, later", bind(pending.Viewer{}), pending.ErrNotFound)
	if found, err := b.Find(t.Context(), b.id, b.browser); err != nil || found.Viewer != john() {
		t.Errorf("bound to %v, %v", found.Viewer, err)
	}
	esther := pending.Viewer{UserID: "usr_esther", Epoch: 8}
	wantError(t, "another user", bind(esther), nil)
	if found, err := b.Find(t.Context(), b.id, b.browser); err != nil || found.Viewer != esther {
		t.Errorf("bound to %v, %v; want the user who saw it last", found.Viewer, err)
	}
}

func TestTheFirstEpochIsAnEpochToo(t *testing.T) {
	b := newBench(t)
	wantError(t, "epoch 0", b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: "usr_john"}), nil)
	wantError(t, "epoch 1", b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: "usr_john", Epoch: 1}), pending.ErrStale)
}

// The fake store never evicts, like one that was restored from a backup.
func TestTheStoresOwnClockEndsARequest(t *testing.T) {
	b := newBench(t)
	b.clock.Advance(lifetime - time.Microsecond)
	if err := b.Bind(t.Context(), b.id, b.browser, john()); err != nil {
		t.Fatalf("a request that is still pending: %v", err)
	}
	b.clock.Advance(time.Microsecond) // Bind extends nothing
	for call, err := range b.calls(t, b.id, b.browser) {
		wantError(t, call+" at the deadline", err, pending.ErrNotFound)
	}
	if len(b.entries.Keys()) != 1 {
		t.Error("the store let the entry go, so that this proves nothing")
	}
}

func TestTheStoreIsAskedToKeepARequestForItsLifetime(t *testing.T) {
	b := newBench(t)
	if _, ttl := b.entries.Kept(b.entries.Keys()[0]); ttl != lifetime+kept {
		t.Errorf("kept for %s, want %s", ttl, lifetime+kept)
	}
}

func TestAMalformedRequestIDIsNotLookedUp(t *testing.T) {
	b := newBench(t)
	before := b.entries.Calls()
	for name, wrong := range map[string]string{
		"nothing": "", "one character less": b.id[1:], "one more": b.id + "A", "padded": b.id + "=", "plus": "+" + b.id[1:],
		"line break": b.id[:42] + "\n", "NUL": b.id[:42] + "\x00", "a megabyte": strings.Repeat("A", 1<<20), "the store's key": b.entries.Keys()[0],
		"not UTF-8": "\xff" + b.id[1:],
	} {
		for call, err := range b.calls(t, wrong, b.browser) {
			wantError(t, name+" as identifier, "+call, err, pending.ErrNotFound)
		}
		for call, err := range b.calls(t, b.id, secret.New(wrong)) {
			wantError(t, name+" as browser, "+call, err, pending.ErrNotFound)
		}
		id, err := b.Open(t.Context(), secret.New(wrong), request())
		if wantError(t, name+" as browser, Open", err, pending.ErrNotFound); id != "" {
			t.Errorf("%s as browser opens a request", name)
		}
	}
	if n := b.entries.Calls() - before; n != 0 {
		t.Errorf("the store was called %d times", n)
	}
	for call, err := range b.calls(t, secret.NewCode().Reveal(), b.browser) {
		wantError(t, "an identifier of nothing, "+call, err, pending.ErrNotFound)
	}
}

func TestTheStoreLearnsNeitherTheIdentifierNorTheBrowser(t *testing.T) {
	b := newBench(t)
	hash := secret.Sum(b.id)
	key := "authz:pending:" + base64.RawURLEncoding.EncodeToString(hash.Bytes())
	if diff := cmp.Diff([]string{key}, b.entries.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	value, _ := b.entries.Kept(key)
	if strings.Contains(string(value), b.id) || strings.Contains(string(value), b.browser.Reveal()) {
		t.Error("the value holds the identifier or the browser's token")
	}
}

func TestAStoreThatIsDownIsNeverAnUnknownRequest(t *testing.T) {
	down := shortlived.ErrUnavailable
	for _, row := range []struct {
		method, call string
		do           func(b bench) error
	}{
		{"Put", "Open", func(b bench) error { _, err := b.Open(t.Context(), b.browser, request()); return err }},
		{"Get", "Find", func(b bench) error { _, err := b.Find(t.Context(), b.id, b.browser); return err }},
		{"Get", "Bind", func(b bench) error { return b.Bind(t.Context(), b.id, b.browser, john()) }},
		{"CompareAndSet", "Bind", func(b bench) error { return b.Bind(t.Context(), b.id, b.browser, john()) }},
		{"Get", "Close", func(b bench) error { _, _, err := b.Close(t.Context(), b.id, b.browser, approve); return err }},
		{"CompareAndSet", "Close", func(b bench) error { _, _, err := b.Close(t.Context(), b.id, b.browser, approve); return err }},
		{"Get", "Expired", func(b bench) error { _, _, err := b.Expired(t.Context(), b.id, b.browser); return err }},
		{"CompareAndSet", "Renew", func(b bench) error {
			if a, err := b.Look(t.Context(), b.id, b.browser); err == nil && a.Outcome == nil {
				b.entries.Break("CompareAndSet", nil)
				if _, _, err := b.Close(t.Context(), b.id, b.browser, approve); err != nil {
					return err
				}
				b.entries.Break("CompareAndSet", down)
			}
			_, err := b.Renew(t.Context(), b.id, b.browser, 1)
			return err
		}},
	} {
		t.Run(row.call+" without "+row.method, func(t *testing.T) {
			b := newBench(t)
			b.entries.Break(row.method, down)
			wantError(t, "down", row.do(b), down)
			b.entries.Break(row.method, nil)
			wantError(t, "up again", row.do(b), nil)
		})
	}
}

func TestOriginIsWhereTheResponseIsSent(t *testing.T) {
	for uri, want := range map[string]string{
		"https://app.test/callback?x=1": "https://app.test", "https://app.test:8443/": "https://app.test:8443",
		"http://127.0.0.1:49152/cb": "http://127.0.0.1:49152", "http://[::1]/cb": "http://[::1]",
		"com.example.app:/cb": "com.example.app:", "com.example.app:cb": "com.example.app:",
		"https://user:secret@app.test/": "https://app.test", "": "", "/relative": "", "%": "", "https://app.test\n/": "",
	} {
		var r pending.Request
		r.RedirectURI = uri
		if got := r.Origin(); got != want {
			t.Errorf("the origin of %q is %q, want %q", uri, got, want)
		}
	}
}
