package authz_test

import (
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz"
)

// verifiedApp returns a live, verified client.
func (b *bench) verifiedApp(t *testing.T) string {
	t.Helper()
	id, _ := b.newApp(t)
	b.submit(t, id)
	if _, err := b.reviews(t).ReviewClient(t.Context(), &authzv1.ReviewClientRequest{
		ClientId: id, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, Verified: true,
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (b *bench) submit(t *testing.T, id string) {
	t.Helper()
	if _, err := b.console(t).SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id}); err != nil {
		t.Fatal(err)
	}
}

// addingURI are the RPCs by which the team of a client adds a redirect URI.
func (b *bench) addingURI(t *testing.T) map[string]func(id, uri string) error {
	t.Helper()
	console := b.console(t)
	return map[string]func(id, uri string) error{
		"AddAppRedirectUri": func(id, uri string) error {
			_, err := console.AddAppRedirectUri(t.Context(), &authzv1.AddAppRedirectUriRequest{SessionToken: developer, ClientId: id, RedirectUri: uri})
			return err
		},
		"UpdateApp": func(id, uri string) error {
			uris := append(b.app(t, id).GetRegistration().GetRedirectUris(), uri)
			_, err := console.UpdateApp(t.Context(), &authzv1.UpdateAppRequest{
				SessionToken: developer, Change: &authzv1.UpdateClientRequest{ClientId: id, RedirectUris: uris},
			})
			return err
		},
	}
}

// TestAVerifiedAppWithANewHostMustBeReviewedAgain: the operator has not seen where its codes would go. A
// loopback address is no host, and another address at a host that it has no new one.
func TestAVerifiedAppWithANewHostMustBeReviewedAgain(t *testing.T) {
	b := newBench(t)
	for name, add := range b.addingURI(t) {
		for uri, verified := range map[string]bool{
			"https://evil.example/cb": false, "https://app.example.evil.example/cb": false, "com.example.other:/cb": false,
			"com.example.other://localhost/cb": false,
			callback + "/added":                true, "http://localhost:1234/cb": true, "http://127.0.0.1/other": true, "http://[::1]/cb": true,
		} {
			id := b.verifiedApp(t)
			if err := add(id, uri); err != nil {
				t.Fatalf("%s %s: %v", name, uri, err)
			}
			got := b.app(t, id).GetRegistration()
			if got.GetUnverified() == verified || got.GetStatus() != authzv1.ClientStatus_CLIENT_STATUS_LIVE || len(got.GetRedirectUris()) != 3 {
				t.Errorf("%s %s: unverified %v, %s, %v", name, uri, got.GetUnverified(), got.GetStatus(), got.GetRedirectUris())
			}
		}
	}
}

// TestAVerifiedAppWithANewHostAfterLogoutMustBeReviewedAgain: browsers are sent there too.
func TestAVerifiedAppWithANewHostAfterLogoutMustBeReviewedAgain(t *testing.T) {
	b := newBench(t)
	for uri, verified := range map[string]bool{"https://evil.example/out": false, callback + "/out": true} {
		id := b.verifiedApp(t)
		if _, err := b.console(t).UpdateApp(t.Context(), &authzv1.UpdateAppRequest{
			SessionToken: developer, Change: &authzv1.UpdateClientRequest{ClientId: id, PostLogoutRedirectUris: []string{uri}},
		}); err != nil {
			t.Fatalf("%s: %v", uri, err)
		}
		if got := b.app(t, id).GetRegistration(); got.GetUnverified() == verified || len(got.GetPostLogoutRedirectUris()) != 1 {
			t.Errorf("%s: unverified %v, %v", uri, got.GetUnverified(), got.GetPostLogoutRedirectUris())
		}
	}
}

// TestTheTestOfKeysTellsNothingAboutInternalNames: a name that resolves inside of the network gets the same
// text as one that does not exist.
func TestTheTestOfKeysTellsNothingAboutInternalNames(t *testing.T) {
	b := newBench(t, func(d *authz.Deps) { d.Fetcher = fetch.New(fetch.Options{}) })
	id, _ := b.newApp(t)
	texts := map[string]bool{}
	for _, address := range []string{"https://127.0.0.1/jwks", "https://10.0.0.1/jwks", "https://localhost/jwks", "https://no-such-name.invalid/jwks"} {
		if _, err := b.console(t).UpdateApp(t.Context(), &authzv1.UpdateAppRequest{
			SessionToken: developer, Change: &authzv1.UpdateClientRequest{ClientId: id, JwksUri: address},
		}); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		_, err := b.console(t).TestAppKeys(t.Context(), &authzv1.TestAppKeysRequest{SessionToken: developer, ClientId: id})
		wantReason(t, address, err, errorv1.Reason_REASON_INVALID_REQUEST)
		texts[oerr.Message(err)] = true
	}
	if len(texts) != 1 {
		t.Errorf("the texts differ: %v", texts)
	}
}

// TestTheTestsOfKeysOfAUserAreLimited: each is a request to another server.
func TestTheTestsOfKeysOfAUserAreLimited(t *testing.T) {
	b := newBench(t, func(d *authz.Deps) { d.Fetcher = fetch.New(fetch.Options{}) })
	id, _ := b.newApp(t)
	if _, err := b.console(t).UpdateApp(t.Context(), &authzv1.UpdateAppRequest{
		SessionToken: developer, Change: &authzv1.UpdateClientRequest{ClientId: id, JwksUri: "https://127.0.0.1/jwks"},
	}); err != nil {
		t.Fatal(err)
	}
	test := func() error {
		_, err := b.console(t).TestAppKeys(t.Context(), &authzv1.TestAppKeysRequest{SessionToken: developer, ClientId: id})
		return err
	}
	for range 20 {
		wantReason(t, "a test", test(), errorv1.Reason_REASON_INVALID_REQUEST)
	}
	wantReason(t, "one more within ten minutes", test(), errorv1.Reason_REASON_RATE_LIMITED)
	b.clock.Advance(10 * time.Minute)
	wantReason(t, "one after them", test(), errorv1.Reason_REASON_INVALID_REQUEST)
}

// TestAnAppThatWaitsForItsReviewGetsNoNewHost, and every other address: the operator verifies what was seen.
func TestAnAppThatWaitsForItsReviewGetsNoNewHost(t *testing.T) {
	b := newBench(t)
	for name, add := range b.addingURI(t) {
		id, _ := b.newApp(t)
		if err := add(id, "https://another.example/cb"); err != nil {
			t.Errorf("%s to a draft: %v", name, err)
		}
		b.submit(t, id)
		wantReason(t, name+" during the review", add(id, "https://evil.example/cb"), errorv1.Reason_REASON_CONFLICT)
		if err := add(id, callback+"/added"); err != nil {
			t.Errorf("%s at the same host: %v", name, err)
		}
		if uris := b.app(t, id).GetRegistration().GetRedirectUris(); len(uris) != 4 {
			t.Errorf("%s: the addresses are %v", name, uris)
		}
	}
}
