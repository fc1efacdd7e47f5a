package pending_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
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
	closed, err := b.Close(t.Context(), b.id, b.browser)
	if diff := cmp.Diff(want, closed); err != nil || diff != "" {
		t.Errorf("%v, closed (-want +got):\n%s", err, diff)
	}
	for call, err := range b.calls(t, b.id, b.browser) {
		wantError(t, call+" after Close", err, pending.ErrNotFound)
	}
	if keys := b.entries.Keys(); len(keys) != 0 {
		t.Errorf("a closed request leaves %d entries behind", len(keys))
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

func TestTheScreenIsBoundToThePersonWhoSawItFirst(t *testing.T) {
	b := newBench(t)
	bind := func(v pending.Viewer) error { return b.Bind(t.Context(), b.id, b.browser, v) }
	wantError(t, "nobody", bind(pending.Viewer{Epoch: 7}), pending.ErrNotFound)
	for range 2 {
		wantError(t, "John", bind(john()), nil)
	}
	wantError(t, "another person", bind(pending.Viewer{UserID: "usr_esther", Epoch: 7}), pending.ErrNotFound)
	wantError(t, "another person, another epoch", bind(pending.Viewer{UserID: "usr_esther", Epoch: 8}), pending.ErrNotFound)
	wantError(t, "a later epoch", bind(pending.Viewer{UserID: "usr_john", Epoch: 8}), pending.ErrStale)
	wantError(t, "an earlier epoch", bind(pending.Viewer{UserID: "usr_john"}), pending.ErrStale)
	wantError(t, "nobody, later", bind(pending.Viewer{}), pending.ErrNotFound)
	if found, err := b.Find(t.Context(), b.id, b.browser); err != nil || found.Viewer != john() {
		t.Errorf("bound to %v, %v", found.Viewer, err)
	}
}

func TestTheFirstEpochIsAnEpochToo(t *testing.T) {
	b := newBench(t)
	wantError(t, "epoch 0", b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: "usr_john"}), nil)
	wantError(t, "epoch 1", b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: "usr_john", Epoch: 1}), pending.ErrStale)
}

// The store here keeps everything for ever, as one that was restored from a backup might.
func TestTheBooksOwnClockEndsARequest(t *testing.T) {
	b := newBench(t)
	b.clock.Advance(lifetime - time.Microsecond)
	if err := b.Bind(t.Context(), b.id, b.browser, john()); err != nil {
		t.Fatalf("a request that still waits: %v", err)
	}
	b.clock.Advance(time.Microsecond) // being bound has extended nothing
	for call, err := range b.calls(t, b.id, b.browser) {
		wantError(t, call+" at the deadline", err, pending.ErrNotFound)
	}
	if len(b.entries.Keys()) != 1 {
		t.Error("the store let the entry go, so that this proves nothing")
	}
}

func TestTheStoreIsAskedToKeepARequestForItsLifetime(t *testing.T) {
	b := newBench(t)
	if _, ttl := b.entries.Kept(b.entries.Keys()[0]); ttl != lifetime {
		t.Errorf("kept for %s, want %s", ttl, lifetime)
	}
}

func TestWhatCannotNameARequestIsNotLookedUp(t *testing.T) {
	b := newBench(t)
	before := b.entries.Asked()
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
	if n := b.entries.Asked() - before; n != 0 {
		t.Errorf("the store was asked %d times", n)
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
		{"Get", "Close", func(b bench) error { _, err := b.Close(t.Context(), b.id, b.browser); return err }},
		{"Take", "Close", func(b bench) error { _, err := b.Close(t.Context(), b.id, b.browser); return err }},
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

func TestThePersonSeesWhereTheAnswerGoes(t *testing.T) {
	for uri, want := range map[string]string{
		"https://app.test/callback?x=1": "https://app.test", "https://app.test:8443/": "https://app.test:8443",
		"http://127.0.0.1:49152/cb": "http://127.0.0.1:49152", "http://[::1]/cb": "http://[::1]",
		"com.example.app:/cb": "com.example.app:", "com.example.app:cb": "com.example.app:",
		"https://user:secret@app.test/": "https://app.test", "": "", "/relative": "", "%": "", "https://app.test\n/": "",
	} {
		if got := (pending.Request{RedirectURI: uri}).Origin(); got != want {
			t.Errorf("the origin of %q is %q, want %q", uri, got, want)
		}
	}
}
