package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/sdk/enforce"
)

// The two tables as the documents print them.
const (
	documentedScopes = `
videos:read | View videos in the workspace |
videos:write | Upload and modify videos |
subtitles:read | View subtitles |
subtitles:write | Generate subtitles |
export:write | Export videos |
translate:write | Translate videos |
voiceover:write | Generate voiceovers |
article:read | View help articles |
article:write | Generate help articles |
analyze:write | Analyze videos |
tools:read | List and view tools |
tools:write | Execute tools |
jobs:read | View job status |
usage:read | View usage statistics |
process:write | Use one-shot process endpoint |`
	documentedEndpoints = `
GET /v1/videos | videos:read |
POST /v1/videos/upload | videos:write |
POST /v1/videos/:id/analyze | analyze:write |
POST /v1/videos/:id/export | export:write |
POST /v1/videos/:id/translate | translate:write |
GET /v1/videos/:id/subtitles | subtitles:read |
POST /v1/videos/:id/voiceover | voiceover:write |
POST /v1/videos/:id/article | article:write |
POST /v1/videos/process | process:write |
GET /v1/tools | tools:read |
POST /v1/tools/:type/execute | tools:write |
GET /v1/jobs/:id | jobs:read |
GET /v1/usage | usage:read |`
)

// rows splits a table into its cells.
func rows(table string) [][]string {
	var rows [][]string
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, " |"), " | "))
	}
	return rows
}

func TestWireContract6_DefaultScopesAreTheDocuments(t *testing.T) {
	c := catalog.Default()
	var got [][]string
	for _, s := range c.Scopes() {
		got = append(got, []string{s.Name, s.Description})
	}
	if diff := cmp.Diff(rows(documentedScopes), got); diff != "" {
		t.Errorf("scopes differ (-documents +catalog):\n%s", diff)
	}
	for _, row := range rows(documentedScopes) {
		if description, ok := c.Describe(row[0]); !ok || description != row[1] || !c.Known(row[0]) {
			t.Errorf("Describe(%q) = %q, %v", row[0], description, ok)
		}
	}
	for _, name := range []string{"", "Videos:Read", "videos:*", "*", "videos", "videos:read ", "openid"} {
		if _, ok := c.Describe(name); ok || c.Known(name) {
			t.Errorf("scope %q is known", name)
		}
	}
}

func TestWireContract6_DefaultEndpointsAreTheDocuments(t *testing.T) {
	var got [][]string
	for _, e := range catalog.Default().Endpoints() {
		got = append(got, []string{e.String(), e.Scope})
	}
	if diff := cmp.Diff(rows(documentedEndpoints), got); diff != "" {
		t.Errorf("endpoints differ (-documents +catalog):\n%s", diff)
	}
}

// allows reports whether a plan includes an endpoint, as the matcher decides.
func allows(c *catalog.Catalog, plan string, e enforce.Endpoint) bool {
	subject := enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{e.Scope}, Plan: plan}
	return c.Rules().Decide(subject, e.Method, strings.ReplaceAll(e.Path, ":", "some-")) == nil
}

func TestWireContract6_DefaultPlans(t *testing.T) {
	c := catalog.Default()
	var names []string
	for _, p := range c.Plans() {
		names = append(names, p.Name)
		for _, e := range p.Endpoints {
			if !allows(c, p.Name, e) {
				t.Errorf("plan %s lists %s and does not allow it", p.Name, e)
			}
		}
	}
	if diff := cmp.Diff([]string{"free", "pro", "enterprise"}, names); diff != "" {
		t.Error(diff)
	}
	for _, e := range c.Endpoints() {
		free := e.Method == "GET" || e.Path == "/v1/videos/upload" || e.Path == "/v1/videos/:id/analyze"
		for plan, want := range map[string]bool{"free": free, "pro": true, "enterprise": true, "": false, "Pro": false, "trial": false} {
			if got := allows(c, plan, e); got != want {
				t.Errorf("plan %q allows %s: %v, want %v", plan, e, got, want)
			}
			if known := plan == "free" || plan == "pro" || plan == "enterprise"; c.KnownPlan(plan) != known {
				t.Errorf("plan %q is known: %v", plan, !known)
			}
		}
	}
	if allows(c, "enterprise", enforce.Endpoint{Method: "DELETE", Path: "/v1/videos", Scope: "videos:write"}) {
		t.Error("a plan allows an endpoint that is not in the catalog")
	}
}

func TestACatalogCannotBeChangedThroughWhatItReturns(t *testing.T) {
	c := catalog.Default()
	c.Scopes()[0].Description = "x"
	c.Endpoints()[0].Scope = "x"
	c.Plans()[0].Endpoints[0].Scope = "x"
	c.Plans()[0].Name = "x"
	fresh := catalog.Default()
	if !cmp.Equal(c.Scopes(), fresh.Scopes()) || !cmp.Equal(c.Endpoints(), fresh.Endpoints()) || !cmp.Equal(c.Plans(), fresh.Plans()) {
		t.Error("the catalog changed")
	}
}
