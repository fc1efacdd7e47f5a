package enforcement

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// scopeTable is the table of document 002, word for word.
const scopeTable = `
GET /v1/videos | videos:read
POST /v1/videos/upload | videos:write
POST /v1/videos/:id/analyze | analyze:write
POST /v1/videos/:id/export | export:write
POST /v1/videos/:id/translate | translate:write
GET /v1/videos/:id/subtitles | subtitles:read
POST /v1/videos/:id/voiceover | voiceover:write
POST /v1/videos/:id/article | article:write
POST /v1/videos/process | process:write
GET /v1/tools | tools:read
POST /v1/tools/:type/execute | tools:write
GET /v1/jobs/:id | jobs:read
GET /v1/usage | usage:read`

const allScopes = "videos:read videos:write subtitles:read subtitles:write export:write translate:write voiceover:write article:read " +
	"article:write analyze:write tools:read tools:write jobs:read usage:read process:write"

// inFreePlan reports whether the free plan includes a row: docs/wire-contract.md §6, every GET row
// and two more.
func inFreePlan(row endpoint) bool {
	return row.method == http.MethodGet || slices.Contains([]string{"/v1/videos/upload", "/v1/videos/vid_1/analyze"}, row.path)
}

type endpoint struct{ method, path, scope string }

func endpoints() []endpoint {
	var rows []endpoint
	for line := range strings.Lines(strings.TrimSpace(scopeTable)) {
		request, scope, _ := strings.Cut(strings.TrimSpace(line), " | ")
		method, path, _ := strings.Cut(request, " ")
		rows = append(rows, endpoint{method, strings.NewReplacer(":id", "vid_1", ":type", "caption").Replace(path), scope})
	}
	return rows
}

// issueScope issues a token with exactly these scopes.
func issueScope(t *testing.T, b *harness.Browser, scope, workspace string) string {
	t.Helper()
	tokens, err := shared.deployment.Issue(b, harness.Request{Scope: scope, Workspace: workspace})
	expect.NoError(t, err)
	return tokens.Access
}

// metadata is the parameter of every challenge of the API (RFC 9728 §5.1).
func metadata() string {
	return `resource_metadata="` + shared.deployment.PublicURL + `/.well-known/oauth-protected-resource/v1"`
}

func insufficient(needed, has string) decision {
	listed := strings.ReplaceAll(has, " ", ", ")
	return decision{
		http.StatusForbidden, "insufficient_scope",
		`This action requires the "` + needed + `" scope. Your token has: ` + listed,
		`Bearer error="insufficient_scope", scope="` + needed + " " + has + `", ` + metadata() +
			`, error_description="This action requires the '` + needed + `' scope. Your token has: ` + listed + `"`,
	}
}

// TestCase75_TheScopeMatrixCellByCell: every endpoint with only its scope, and with all scopes but
// that one, at four surfaces.
func TestCase75_TheScopeMatrixCellByCell(t *testing.T) {
	b, all := shared.deployment.NewBrowser(), strings.Fields(allScopes)
	for _, scope := range all {
		rest := strings.Join(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == scope }), " ")
		alone, without := issueScope(t, b, scope, "ws_acme"), issueScope(t, b, rest, "ws_acme")
		for name, check := range surfaces(t) {
			for _, row := range endpoints() {
				wantAlone, wantWithout := insufficient(row.scope, scope), decision{status: http.StatusOK}
				if row.scope == scope {
					wantAlone, wantWithout = decision{status: http.StatusOK}, insufficient(row.scope, rest)
				}
				wantDecision(t, name, check, alone, row, wantAlone)
				wantDecision(t, name, check, without, row, wantWithout)
			}
		}
	}
}

func wantDecision(t *testing.T, name string, check surface, token string, row endpoint, want decision) {
	t.Helper()
	got, err := check(t.Context(), token, row.method, row.path)
	if err != nil || got != want {
		t.Errorf("%s, %s %s: %+v %v, want %+v", name, row.method, row.path, got, err, want)
	}
}

// TestWire6_ThePlanBindsTokensAndKeysAlike at four surfaces; a key needs no scope.
func TestWire6_ThePlanBindsTokensAndKeysAlike(t *testing.T) {
	restricted := decision{status: http.StatusForbidden, code: "plan_restricted", message: "The workspace's plan does not include this action"}
	b := shared.deployment.NewBrowser()
	free, pro := issueScope(t, b, allScopes, "ws_doe"), issueScope(t, b, allScopes, "ws_acme")
	freeKey, proKey := apiKey(t, "ws_doe").GetKey(), apiKey(t, "ws_acme").GetKey()
	for name, check := range surfaces(t) {
		for _, row := range endpoints() {
			want := decision{status: http.StatusOK}
			for _, token := range []string{pro, proKey} {
				wantDecision(t, name, check, token, row, want)
			}
			if !inFreePlan(row) {
				want = restricted
			}
			for _, token := range []string{free, freeKey} {
				wantDecision(t, name, check, token, row, want)
			}
		}
	}
}

// TestWire6_TheTokenIsCheckedBeforeThePath, and no surface forwards a request whose path is not in
// the catalog.
func TestWire6_TheTokenIsCheckedBeforeThePath(t *testing.T) {
	token := issueScope(t, shared.deployment.NewBrowser(), allScopes, "ws_acme")
	missing := decision{http.StatusUnauthorized, "authentication_error", "Missing access token or API key", "Bearer " + metadata()}
	invalid := decision{
		http.StatusUnauthorized, "authentication_error", "Invalid or expired access token",
		`Bearer error="invalid_token", ` + metadata() + `, error_description="Invalid or expired access token"`,
	}
	unknown := decision{status: http.StatusNotFound, code: "not_found", message: "There is no such endpoint"}
	for name, check := range surfaces(t) {
		for _, row := range []endpoint{
			{"GET", "/v1/nothing", ""},
			{"DELETE", "/v1/videos", ""},
			{"GET", "/v1/videos/", ""},
			{"GET", "/v1//videos", ""},
			{"GET", "/v1/Videos", ""},
			{"GET", "/v1/vid%65os", ""},
			{"GET", "/v1/videos/%2e%2e/usage", ""},
			{"POST", "/v1/videos/a%2fb/export", ""},
		} {
			wantDecision(t, name, check, "", row, missing)
			wantDecision(t, name, check, "vdo_oat_nothing", row, invalid)
			wantDecision(t, name, check, "vdo_live_nothing", row, invalid)
			wantDecision(t, name, check, token, row, unknown)
		}
	}
}
