// Package accesstest has the scope matrix of the documents as one table, with which every entry
// point is tested, and a fake of access.Tokens. It is imported by tests alone.
package accesstest

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// metadata is the parameter of a challenge.
const metadata = `resource_metadata="` + API + `/.well-known/oauth-protected-resource/v1"`

// API is the address of the API that the challenges of the cells name.
const API = "https://api.test"

// Cell is a request with a token, and the documented result.
type Cell struct {
	// Name identifies the cell.
	Name string
	// Facts are the token's; the zero value is a token that is not live.
	Facts        introspect.Facts
	Method, Path string
	// Status is 0 where the request is passed on; Code and Message belong to a denial.
	Status        int
	Code, Message string
	// Challenge is the value of WWW-Authenticate.
	Challenge string
}

// row is one of the 13 endpoints.
type row struct {
	method, path, scope string
	free                bool
}

// rows are the documents' table, with an identifier where they have a variable.
func rows() []row {
	return []row{
		{"GET", "/v1/videos", "videos:read", true},
		{"POST", "/v1/videos/upload", "videos:write", true},
		{"POST", "/v1/videos/vid_1/analyze", "analyze:write", true},
		{"POST", "/v1/videos/vid_1/export", "export:write", false},
		{"POST", "/v1/videos/vid_1/translate", "translate:write", false},
		{"GET", "/v1/videos/vid_1/subtitles", "subtitles:read", true},
		{"POST", "/v1/videos/vid_1/voiceover", "voiceover:write", false},
		{"POST", "/v1/videos/vid_1/article", "article:write", false},
		{"POST", "/v1/videos/process", "process:write", false},
		{"GET", "/v1/tools", "tools:read", true},
		{"POST", "/v1/tools/resize/execute", "tools:write", false},
		{"GET", "/v1/jobs/job_1", "jobs:read", true},
		{"GET", "/v1/usage", "usage:read", true},
	}
}

func scopes() []string {
	return []string{
		"videos:read", "videos:write", "subtitles:read", "subtitles:write", "export:write", "translate:write", "voiceover:write",
		"article:read", "article:write", "analyze:write", "tools:read", "tools:write", "jobs:read", "usage:read", "process:write",
	}
}

// Matrix is every cell: each endpoint with each single scope, with all but the right one, with none
// and with look-alikes, on a free and on a paid plan, and with API keys.
func Matrix() []Cell {
	var cells []Cell
	for _, r := range rows() {
		sets := [][]string{{}, without(scopes(), r.scope), {r.scope + "_all"}, {"x" + r.scope}, {strings.ToUpper(r.scope)}, scopes()}
		for _, s := range scopes() {
			sets = append(sets, []string{s})
		}
		for _, plan := range []string{"free", "pro", "enterprise", ""} {
			for _, set := range sets {
				cells = append(cells, r.accessToken(set, plan))
			}
			cells = append(cells, r.key(plan), r.restrictedKey([]string{r.scope}, plan), r.restrictedKey(without(scopes(), r.scope), plan), r.distantKey(plan))
		}
		cells = append(cells,
			Cell{Name: "user token " + r.path, Facts: introspect.Facts{Kind: enforce.UserToken, UserID: "usr_1", Plan: "pro"}, Method: r.method, Path: r.path}.
				unauthenticated(r.scope),
			Cell{Name: "dead token " + r.path, Method: r.method, Path: r.path}.unauthenticated(r.scope))
	}
	return append(cells, strays()...)
}

// strays are requests that match no row: denied even to a token with every scope.
func strays() []Cell {
	var cells []Cell
	for _, r := range [][2]string{
		{"GET", "/v1/videos/"},
		{"HEAD", "/v1/videos"},
		{"OPTIONS", "/v1/videos"},
		{"DELETE", "/v1/videos"},
		{"GET", "/v1/videos/upload"},
		{"GET", "//v1/videos"},
		{"GET", "/v1/../v1/videos"},
		{"GET", "/V1/videos"},
		{"POST", "/v1/videos/a%2Fb/analyze"},
		{"GET", "/"},
		{"GET", ""},
	} {
		for _, facts := range []introspect.Facts{
			{Kind: enforce.AccessToken, UserID: "usr_1", ClientID: "app", Scope: strings.Join(scopes(), " "), Plan: "enterprise"},
			{Kind: enforce.APIKey, KeyID: "key_1", Plan: "enterprise"},
		} {
			cells = append(cells, Cell{
				Name: r[0] + " " + r[1], Facts: facts, Method: r[0], Path: r[1], Status: 404, Code: "not_found", Message: "There is no such endpoint",
			})
		}
	}
	return cells
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

// accessToken returns a cell of an access token.
func (r row) accessToken(scope []string, plan string) Cell {
	c := Cell{
		Name: r.method + " " + r.path + " with " + strings.Join(scope, ",") + " on " + plan, Method: r.method, Path: r.path,
		Facts: introspect.Facts{
			Kind: enforce.AccessToken, UserID: "usr_1", ClientID: "app", WorkspaceID: "ws_1", Scope: strings.Join(scope, " "), Plan: plan,
		},
	}
	if !slices.Contains(scope, r.scope) {
		c.Status, c.Code = 403, "insufficient_scope"
		c.Message = `This action requires the "` + r.scope + `" scope. Your token has: ` + strings.Join(scope, ", ")
		c.Challenge = `Bearer error="insufficient_scope", scope="` + strings.TrimSpace(r.scope+" "+strings.Join(scope, " ")) + `", ` + metadata +
			`, error_description="` + strings.ReplaceAll(c.Message, `"`, "'") + `"`
		return c
	}
	return r.planned(c, plan)
}

// key is a cell of an API key, which dies with its workspace.
func (r row) key(plan string) Cell {
	c := Cell{
		Name: r.method + " " + r.path + " with a key on " + plan, Method: r.method, Path: r.path,
		Facts: introspect.Facts{Kind: enforce.APIKey, KeyID: "key_1", WorkspaceID: "ws_1", Plan: plan},
	}
	if plan == "" {
		return c.unauthenticated(r.scope)
	}
	return r.planned(c, plan)
}

// restrictedKey is a cell of an API key with scopes.
func (r row) restrictedKey(scope []string, plan string) Cell {
	c := r.accessToken(scope, plan)
	c.Name += ", of a key"
	c.Facts = introspect.Facts{
		Kind: enforce.RestrictedAPIKey, KeyID: "key_1", WorkspaceID: "ws_1", Scope: strings.Join(scope, " "), Plan: plan,
	}
	if plan == "" {
		return Cell{Name: c.Name, Facts: c.Facts, Method: c.Method, Path: c.Path}.unauthenticated(r.scope)
	}
	return c
}

// distantKey is a cell of an API key that may be used from a network in which no caller of the entry point
// is.
func (r row) distantKey(plan string) Cell {
	c := r.key(plan)
	c.Name, c.Facts.Kind = c.Name+" from elsewhere", enforce.RestrictedAPIKey
	c.Facts.Addresses = enforce.Addresses{netip.MustParsePrefix("203.0.113.0/24")}
	c = c.unauthenticated(r.scope)
	if plan != "" {
		c.Message = "This API key may not be used from the address of this request"
		c.Challenge = strings.Replace(c.Challenge, "Invalid or expired access token", c.Message, 1)
	}
	return c
}

func (r row) planned(c Cell, plan string) Cell {
	if plan == "" || plan == "free" && !r.free {
		c.Status, c.Code, c.Message = 403, "plan_restricted", "The workspace's plan does not include this action"
	}
	return c
}

func (c Cell) unauthenticated(scope string) Cell {
	c.Status, c.Code, c.Message = 401, "authentication_error", "Invalid or expired access token"
	c.Challenge = `Bearer error="invalid_token", scope="` + scope + `", ` + metadata + `, error_description="` + c.Message + `"`
	return c
}

// Tokens are live tokens by their text.
type Tokens map[string]introspect.Facts

// Live is access.Tokens.
func (t Tokens) Live(_ context.Context, token, source string) (introspect.Facts, error) {
	facts, ok := t[token]
	if !ok || facts.Kind == 0 || facts.Orphaned() {
		return introspect.Facts{}, introspect.ErrInactive
	}
	if !facts.Addresses.Allow(source) {
		return introspect.Facts{}, introspect.ErrAddress
	}
	return facts, nil
}

// Each tests an entry point with every cell. The entry point gets tokens in which the cell's is
// called "token".
func Each(t *testing.T, door func(t *testing.T, tokens Tokens, c Cell)) {
	t.Helper()
	for _, c := range Matrix() {
		door(t, Tokens{"token": c.Facts}, c)
	}
}
