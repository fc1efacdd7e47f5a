// Package upgrade runs the previous release on the schema of the working tree and beside its
// processes, as a rolling upgrade does, and rolls back: tokens of either release are valid at the
// other.
package upgrade

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// flows is the number of flows at each stage: which of two replicas serves a call is chance, and a
// flow has several calls.
const flows = 8

// replicas is the number of processes of each service: one is replaced while the other serves.
const replicas = 2

// roll is an upgrade in progress.
type roll struct {
	d *harness.Deployment
	// tokens are those of clients that were connected before and during the replacement, by the
	// stage at which they were issued.
	tokens map[string]harness.Tokens
}

func TestThePreviousReleaseRunsOnTheNewSchemaAndBesideTheNewOne(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join("testdata", "v*.tar.gz"))
	expect.NoError(t, err)
	if len(archives) != 1 {
		t.Fatalf("there are %d releases in testdata, want the previous one: make release-archive", len(archives))
	}
	dir := t.TempDir()
	next, err := harness.Build(filepath.Join(dir, "next"))
	expect.NoError(t, err)
	previous, err := harness.BuildRelease(filepath.Join(dir, "previous"), archives[0])
	expect.NoError(t, err)
	servers, err := harness.NewServers(t.Context())
	expect.NoError(t, err)
	// The new release migrates, the previous one runs.
	d, err := harness.Replicated(next.With(previous), dir, servers, replicas, nil)
	expect.NoError(t, err)
	d.Own = servers
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	r := &roll{d: d, tokens: map[string]harness.Tokens{}}

	r.wantEverythingWorks(t, first)
	r.replace(t, upgrading, next)
	r.wantEverythingWorks(t, "the new release")
	r.wantDefaultResource(t)
	r.replace(t, "rollback", next.With(previous))
	r.wantEverythingWorks(t, "the previous release after the rollback")
}

const (
	// first is the stage at which the first client is connected.
	first = "the previous release on the new schema"
	// upgrading is the replacement of the previous release.
	upgrading = "upgrade"
)

// replace replaces one process of each service, so that each pair of releases is tested at each
// service, and then the others. The pairs of the rollback are the same, and are tested once, when
// half of the processes are replaced.
func (r *roll) replace(t *testing.T, why string, bins harness.Binaries) {
	t.Helper()
	for n := range replicas {
		for _, service := range []string{"token", "authz", "gateway", "identity", "consent"} {
			name := service
			if n > 0 {
				name = fmt.Sprintf("%s-%d", service, n+1)
			}
			expect.NoError(t, r.d.Replace(name, bins))
			if n == 0 && (why == upgrading || service == "consent") {
				r.wantEverythingWorks(t, why+" of "+name)
			}
			if name == "identity" && why == upgrading {
				wantSessions(t, r.d)
			}
		}
	}
}

// wantEverythingWorks connects a client, and checks that its tokens and the earlier ones can be
// introspected and refreshed, and that a client can be disconnected.
func (r *roll) wantEverythingWorks(t *testing.T, when string) {
	t.Helper()
	b := r.d.NewBrowser()
	for range flows {
		tokens, err := r.d.Issue(b, harness.Request{})
		if err != nil {
			t.Fatalf("%s: the flow: %v", when, err)
		}
		r.tokens[when] = tokens
	}
	for issued, tokens := range r.tokens {
		r.wantActive(t, when, issued, tokens.Access)
	}
	r.wantRefreshes(t, when, when)
	if when != first {
		r.wantRefreshes(t, when, first)
	}
	r.wantDisconnects(t, when, b)
}

func (r *roll) wantRefreshes(t *testing.T, when, issued string) {
	t.Helper()
	a, err := r.d.Refresh(r.tokens[issued].Refresh)
	expect.NoError(t, err)
	if a.Status != http.StatusOK {
		t.Fatalf("%s: refreshing a token issued with %s: %d %s", when, issued, a.Status, a.Raw)
	}
	r.tokens[issued] = harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}
	r.wantActive(t, when, issued, r.tokens[issued].Access)
}

func (r *roll) wantActive(t *testing.T, when, issued, token string) {
	t.Helper()
	wantActive, err := r.d.Active(token)
	if err != nil || !wantActive {
		t.Fatalf("%s: a token issued with %s is not active (%v)", when, issued, err)
	}
}

// wantDisconnects connects the public client and disconnects it, which must be effective at once at
// every replica.
func (r *roll) wantDisconnects(t *testing.T, when string, b *harness.Browser) {
	t.Helper()
	tokens, err := r.d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
	if err != nil {
		t.Fatalf("%s: the flow with PKCE: %v", when, err)
	}
	r.wantActive(t, when, "it", tokens.Access)
	if _, err := b.Disconnect(harness.PublicID); err != nil {
		t.Fatalf("%s: disconnecting: %v", when, err)
	}
	for range replicas {
		wantActive, err := r.d.Active(tokens.Access)
		expect.NoError(t, err)
		if wantActive {
			t.Fatalf("%s: a token of a disconnected client is active", when)
		}
	}
}

// wantDefaultResource checks that the tokens that the previous release issued are for the API
// (N4.5), also those that it refreshed.
func (r *roll) wantDefaultResource(t *testing.T) {
	t.Helper()
	for issued, tokens := range r.tokens {
		a, err := r.d.Form("/oauth/introspect", url.Values{"token": {tokens.Access}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		expect.Equal(t, "audience of a token issued with "+issued, fmt.Sprint(a.Body["aud"]), fmt.Sprint([]any{r.d.PublicURL + "/v1"}))
	}
}
