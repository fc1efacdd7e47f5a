// Package upgrade runs the previous release on the schema of the working tree and beside its processes, as a rolling upgrade
// does, and rolls back: what either issues is good at the other.
package upgrade

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// replicas is how many processes of each service there are: one is replaced while the other serves.
const replicas = 2

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// roll is an upgrade in progress.
type roll struct {
	d *harness.Deployment
	// held are tokens of apps that go on while everything is replaced under them, by when they were issued.
	held map[string]harness.Tokens
}

func TestThePreviousReleaseRunsOnTheNewSchemaAndBesideTheNewOne(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join("testdata", "v*.tar.gz"))
	must(t, err)
	if len(archives) != 1 {
		t.Fatalf("there are %d releases in testdata, want the previous one: make release-archive", len(archives))
	}
	dir := t.TempDir()
	next, err := harness.Build(filepath.Join(dir, "next"), false)
	must(t, err)
	previous, err := harness.BuildRelease(filepath.Join(dir, "previous"), archives[0])
	must(t, err)
	servers, err := harness.NewServers(t.Context())
	must(t, err)
	// The new release migrates, the previous one runs.
	d, err := harness.Replicated(next.With(previous), dir, servers, replicas, nil)
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	r := &roll{d: d, held: map[string]harness.Tokens{}}

	r.works(t, first)
	r.replace(t, upgrading, next)
	r.works(t, "the new release")
	r.replace(t, "rollback", next.With(previous))
	r.works(t, "the previous release after the rollback")
}

const (
	// first is when the first app is let in.
	first = "the previous release on the new schema"
	// upgrading is the way forth.
	upgrading = "upgrade"
)

// replace replaces one process of each service, so that every pair of releases meets in every place, and then the others. On the
// way back the pairs are the same, and are looked at once, when half of the processes are back.
func (r *roll) replace(t *testing.T, why string, bins harness.Binaries) {
	t.Helper()
	for n := range replicas {
		for _, service := range []string{"token", "authz", "gateway", "identity", "consent"} {
			name := service
			if n > 0 {
				name = fmt.Sprintf("%s-%d", service, n+1)
			}
			must(t, r.d.Replace(name, bins))
			if n == 0 && (why == upgrading || service == "consent") {
				r.works(t, why+" of "+name)
			}
		}
	}
}

// works lets an app in, and shows that this app and those from before can do what they could: be asked about, refresh, be
// disconnected.
func (r *roll) works(t *testing.T, when string) {
	t.Helper()
	b := r.d.NewBrowser()
	tokens, err := r.d.Issue(b, harness.Request{})
	if err != nil {
		t.Fatalf("%s: the flow: %v", when, err)
	}
	r.held[when] = tokens
	for issued, held := range r.held {
		r.active(t, when, issued, held.Access)
	}
	r.refreshes(t, when, when)
	if when != first {
		r.refreshes(t, when, first)
	}
	r.ends(t, when, b)
}

func (r *roll) refreshes(t *testing.T, when, issued string) {
	t.Helper()
	a, err := r.d.Refresh(r.held[issued].Refresh)
	must(t, err)
	if a.Status != http.StatusOK {
		t.Fatalf("%s: refreshing what was issued with %s: %d %s", when, issued, a.Status, a.Raw)
	}
	r.held[issued] = harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}
	r.active(t, when, issued, r.held[issued].Access)
}

func (r *roll) active(t *testing.T, when, issued, token string) {
	t.Helper()
	active, err := r.d.Active(token)
	if err != nil || !active {
		t.Fatalf("%s: what was issued with %s is not active (%v)", when, issued, err)
	}
}

// ends lets the public app in and disconnects it: that counts at once, whoever answers.
func (r *roll) ends(t *testing.T, when string, b *harness.Browser) {
	t.Helper()
	tokens, err := r.d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
	if err != nil {
		t.Fatalf("%s: the flow with PKCE: %v", when, err)
	}
	r.active(t, when, "it", tokens.Access)
	if _, err := b.Disconnect(harness.PublicID); err != nil {
		t.Fatalf("%s: disconnecting: %v", when, err)
	}
	for range replicas {
		active, err := r.d.Active(tokens.Access)
		must(t, err)
		if active {
			t.Fatalf("%s: a token of a disconnected app is active", when)
		}
	}
}
