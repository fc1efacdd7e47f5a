package pending_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oauth/oauthtest"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

func TestEveryFieldOfARequestIsStored(t *testing.T) {
	b := emptyBench()
	want := pending.Request{
		AuthorizationRequest: oauthtest.Approved().AuthorizationRequest, ClientName: "Test", State: "a state", LoginHint: "hint",
		Unverified: true, Refusal: &pending.Refusal{
			Cause: cause.ScopeUnknown, Code: "invalid_scope", Text: "text", Parameter: "scope", Expected: "videos:read", LoggedAs: "request",
		},
	}
	got, err := b.Find(t.Context(), b.open(t, want), b.browser)
	if diff := cmp.Diff(want, got.Request); err != nil || diff != "" {
		t.Errorf("%v, read (-want +got):\n%s", err, diff)
	}
}

// TestRelease01ReadsWhatIsStored: processes of release 0.1 and of this release share the store
// during an upgrade. The fields are those that release 0.1.0 stored, without the browser's hash and
// the deadline.
func TestRelease01ReadsWhatIsStored(t *testing.T) {
	const stored = `{"client":"vdo_client_web","name":"VGVzdCDigJxBcHDigJ0=","uri":"aHR0cHM6Ly9hcHAudGVzdC9jYj94PTEmeT3DqQ==",` +
		`"scope":"videos:read analyze:write","state":"YSBzdGF0ZQ==","challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",` +
		`"user":"usr_john","epoch":7}`
	b := emptyBench()
	want := request()
	want.ClientID, want.RedirectURI, want.CodeChallenge = "vdo_client_web", "https://app.test/cb?x=1&y=é", authztest.Challenge
	want.Scope = oauth.Scope{"videos:read", "analyze:write"}
	id := b.open(t, want)
	if err := b.Bind(t.Context(), id, b.browser, john()); err != nil {
		t.Fatal(err)
	}
	key := b.entries.Keys()[0]
	value, _ := b.entries.Kept(key)
	var was, is map[string]any
	for text, members := range map[string]*map[string]any{stored: &was, string(value): &is} {
		if err := json.Unmarshal([]byte(text), members); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"browser", "deadline"} {
		was[name] = is[name]
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Fatalf("stored (-release 0.1 +this one):\n%s", diff)
	}
	old, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.entries.Put(t.Context(), key, old, time.Hour); err != nil {
		t.Fatal(err)
	}
	got, err := b.Find(t.Context(), id, b.browser)
	if diff := cmp.Diff(pending.Authorization{ID: id, Request: want, Viewer: john()}, got); err != nil || diff != "" {
		t.Errorf("%v, read (-want +got):\n%s", err, diff)
	}
}
