package grant_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/granttest"
	"github.com/vidocu/usher/services/token/internal/refused"
	"github.com/vidocu/usher/services/token/internal/seal"
)

// The pair of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

const (
	callback = "https://yourapp.com/callback"
	theCode  = "SplxlOBeZQQYbYS6WxSbIAaaaaaaaaaaaaaaaaaaaaa"
	granted  = "videos:read analyze:write jobs:read"
)

// errDown is the error of an unavailable dependency.
var errDown = errors.New("the dependency is down")

// bench is the token endpoint over fakes that share a journal: two confidential clients and one
// code of the first.
type bench struct {
	*granttest.Journal
	clients  *granttest.Clients
	codes    granttest.Codes
	store    *granttest.Store
	endpoint *grant.Endpoint
}

// newBench serves both grants with the documented lifetimes and the given retry window.
func newBench(retryWindow time.Duration) bench {
	j := granttest.NewJournal()
	b := bench{
		Journal: j,
		clients: &granttest.Clients{
			Journal:    j,
			Secrets:    map[string]string{"app": "secret", "other": "secret"},
			GrantTypes: []string{"authorization_code", "refresh_token"},
		},
		codes: granttest.Codes{Journal: j, Held: map[string]oauth.ApprovedRequest{theCode: johnsCode()}},
		store: granttest.NewStore(j),
	}
	l := lifetimes()
	l.RetryWindow = retryWindow
	resources := grant.Resources{Catalog: resourceCatalog()}
	refusals := refused.New(refused.Capacity, refused.TTL)
	b.endpoint = grant.NewEndpoint(b.clients,
		grant.AuthorizationCode{Codes: b.codes, Store: b.store, Lifetimes: l, Resources: resources},
		grant.DeviceCode{Store: b.store, Lifetimes: l, Resources: resources},
		grant.RefreshToken{Store: b.store, Sealer: seal.Sealer{}, Lifetimes: l, Resources: resources, Refusals: refusals},
	)
	return b
}

func lifetimes() grant.Lifetimes {
	return grant.Lifetimes{Access: time.Hour, Refresh: 30 * 24 * time.Hour, Family: 365 * 24 * time.Hour}
}

// johnsCode is what John approved.
func johnsCode() oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{ClientID: "app", RedirectURI: callback, CodeChallenge: challenge},
			Scope:       oauth.Scope{"videos:read", "analyze:write", "jobs:read"},
		},
		UserID: "usr_john", DisplayName: "John Doe", WorkspaceID: "ws_acme",
	}
}

func as(id, proof string) grant.Credentials {
	return grant.Credentials{Readings: []oauth.ClientCredentials{{ID: id, Secret: secret.New(proof)}}}
}

// redemption is a request for the code that is right in every way, but for the changes.
func redemption(changes ...func(*grant.Request)) grant.Request {
	req := grant.Request{
		GrantType: "authorization_code", Code: secret.New(theCode), RedirectURI: callback,
		CodeVerifier: secret.New(verifier), Credentials: as("app", "secret"),
	}
	for _, change := range changes {
		change(&req)
	}
	return req
}

// refreshing is a refresh request of the client.
func refreshing(token secret.String, changes ...func(*grant.Request)) grant.Request {
	req := grant.Request{GrantType: "refresh_token", RefreshToken: token, Credentials: as("app", "secret")}
	for _, change := range changes {
		change(&req)
	}
	return req
}

func withScope(scope string) func(*grant.Request) {
	return func(r *grant.Request) { r.Scope = scope }
}

func asOther(r *grant.Request) { r.Credentials = as("other", "secret") }

func (b bench) issue(t *testing.T, req grant.Request) (grant.TokenPair, error) {
	t.Helper()
	return b.endpoint.Issue(t.Context(), req)
}

// mustIssue expects a token pair in the documented format and empties the journal.
func (b bench) mustIssue(t *testing.T, req grant.Request) grant.TokenPair {
	t.Helper()
	pair, err := b.issue(t, req)
	if err != nil {
		t.Fatalf("Issue: %v", err)
	}
	if !secret.Valid(secret.AccessToken, pair.Access.Reveal()) || !secret.Valid(secret.RefreshToken, pair.Refresh.Reveal()) {
		t.Error("the pair is not one access and one refresh token")
	}
	b.Take()
	return pair
}

// refused expects an error, no token pair, and exactly these calls.
func (b bench) refused(t *testing.T, req grant.Request, want error, calls ...string) {
	t.Helper()
	b.Take()
	pair, err := b.issue(t, req)
	if !errors.Is(err, want) {
		t.Errorf("Issue: %v, want %v", err, want)
	}
	if !pair.Access.IsZero() || !pair.Refresh.IsZero() || pair.Scope != "" || pair.ExpiresIn != 0 {
		t.Error("a refusal came with a pair")
	}
	if diff := cmp.Diff(calls, b.Take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
