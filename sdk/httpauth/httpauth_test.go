package httpauth_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/httpauth"
)

// checker is a fake with one active token, which records the last path.
type checker struct{ path string }

var errDown = errors.New("down")

func (c *checker) Introspect(_ context.Context, token string) (*usher.Token, error) {
	switch token {
	case "live":
		return &usher.Token{Kind: enforce.AccessToken, Subject: "usr_a", Scopes: []string{"videos:read"}}, nil
	case "down":
		return nil, errDown
	}
	return nil, usher.ErrInactive
}

func (c *checker) Check(ctx context.Context, token, method, path string) (*usher.Token, error) {
	c.path = path
	t, err := c.Introspect(ctx, token)
	switch {
	case token == "":
		return nil, enforce.Unauthenticated(false)
	case errors.Is(err, usher.ErrInactive):
		return nil, enforce.Unauthenticated(true)
	case err != nil:
		return nil, err
	case path != "/v1/videos":
		return nil, enforce.RequireScope(enforce.Subject{Kind: t.Kind, Scopes: t.Scopes}, "export:write")
	}
	return t, nil
}

func subject(w http.ResponseWriter, r *http.Request) {
	t, _ := usher.FromContext(r.Context())
	_, _ = w.Write([]byte(t.Subject))
}

func serve(h http.Handler, target string, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	invalid          = `Bearer error="invalid_token", error_description="Invalid or expired access token"`
	invalidForExport = `Bearer error="invalid_token", scope="export:write", error_description="Invalid or expired access token"`
	insufficient     = `Bearer error="insufficient_scope", scope="export:write videos:read", ` +
		`error_description="This action requires the 'export:write' scope. Your token has: videos:read"`
)

func TestWireContract6_DenialsHaveTheDocumentedResponse(t *testing.T) {
	guarded := httpauth.New(&checker{})(http.HandlerFunc(subject))
	scoped := httpauth.RequireScope(&checker{}, "export:write")(http.HandlerFunc(subject))
	for name, row := range map[string]struct {
		handler                         http.Handler
		target                          string
		authorization                   []string
		status                          int
		challenge, retry, code, message string
	}{
		"none":         {guarded, "/v1/videos", nil, 401, "Bearer", "", "authentication_error", "Missing"},
		"in the query": {guarded, "/v1/videos?access_token=live", nil, 401, "Bearer", "", "authentication_error", "Missing"},
		"dead":         {guarded, "/v1/videos", []string{"Bearer x"}, 401, invalid, "", "authentication_error", "Invalid"},
		"two":          {guarded, "/v1/videos", []string{"Bearer live", "Bearer live"}, 401, invalid, "", "authentication_error", "Invalid"},
		"down":         {guarded, "/v1/videos", []string{"Bearer down"}, 503, "", "2", "unavailable", "temporarily"},
		"no scope": {
			guarded, "/v1/x",
			[]string{"Bearer live"},
			403, insufficient, "", "insufficient_scope",
			`This action requires the \"export:write\" scope. Your token has: videos:read`,
		},
		"no scope, no catalog": {scoped, "/any", []string{"Bearer live"}, 403, insufficient, "", "insufficient_scope", "export"},
		"dead, no catalog":     {scoped, "/any", []string{"Bearer x"}, 401, invalidForExport, "", "authentication_error", "Invalid"},
		"down, no catalog":     {scoped, "/any", []string{"Bearer down"}, 503, "", "2", "unavailable", "temporarily"},
	} {
		w := serve(row.handler, row.target, row.authorization...)
		h := w.Header()
		if w.Code != row.status || h.Get("WWW-Authenticate") != row.challenge || h.Get("Retry-After") != row.retry ||
			h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" ||
			!strings.HasPrefix(w.Body.String(), `{"error":{"code":"`+row.code+`","message":"`) || !strings.Contains(w.Body.String(), row.message) {
			t.Errorf("%s: %d %v %s", name, w.Code, h, w.Body)
		}
	}
}

func TestTheTokenOfAnAllowedRequestIsInTheContext(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"catalog": httpauth.New(&checker{})(http.HandlerFunc(subject)),
		"scope":   httpauth.RequireScope(&checker{}, "videos:read")(http.HandlerFunc(subject)),
	} {
		if w := serve(h, "/v1/videos", "bearer live"); w.Code != 200 || w.Body.String() != "usr_a" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestThePathIsCheckedAsItWasSent(t *testing.T) {
	c := &checker{}
	h := httpauth.New(c)(http.HandlerFunc(subject))
	for _, path := range []string{"/v1/vid%65os", "/v1/videos%2f", "/v1/../videos", "//v1/videos", "/v1/videos/", "/v1/videos;x"} {
		if serve(h, path+"?q=/v1/videos", "Bearer live"); c.path != path {
			t.Errorf("%s was checked as %s", path, c.path)
		}
	}
	moved := httpauth.New(c, httpauth.WithPath(func(*http.Request) string { return "/v1/videos" }))(http.HandlerFunc(subject))
	if w := serve(moved, "/elsewhere", "Bearer live"); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
}

// TestFault_D4_APathOutsideTheCatalogIsLoggedOnce: New around a service whose paths are not in the
// catalog responds 404 to every request.
func TestFault_D4_APathOutsideTheCatalogIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	unknown := checkerFunc(func() error { return &enforce.Denial{Status: http.StatusNotFound, Code: enforce.CodeNotFound} })
	guarded := httpauth.New(unknown, httpauth.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))(http.HandlerFunc(subject))
	for range 3 {
		if w := serve(guarded, "/reports", "Bearer live"); w.Code != http.StatusNotFound {
			t.Errorf("the status is %d", w.Code)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "path=/reports") || !strings.Contains(log.String(), "RequireScope") {
		t.Errorf("the log is %q, want one line with the path and the solution", log.String())
	}
}

// checkerFunc denies every token.
type checkerFunc func() error

func (f checkerFunc) Check(context.Context, string, string, string) (*usher.Token, error) {
	return nil, f()
}

// audience is a fake whose live token was issued for a resource.
type audience struct {
	checker
	id string
}

func (a *audience) Introspect(ctx context.Context, token string) (*usher.Token, error) {
	t, err := a.checker.Introspect(ctx, token)
	if t != nil {
		t.Audience = []string{a.id}
	}
	return t, err
}

func TestRFC9728_5_1_AServiceOfItsOwnNamesItsResource(t *testing.T) {
	const metadata = `resource_metadata="https://mcp.test/.well-known/oauth-protected-resource/mcp"`
	resource := enforce.Resource{ID: "https://mcp.test/mcp", Metadata: "https://mcp.test/.well-known/oauth-protected-resource/mcp"}
	for name, row := range map[string]struct {
		audience, authorization string
		status                  int
		challenge               string
	}{
		"none":           {"", "", 401, `Bearer scope="videos:read", ` + metadata},
		"malformed":      {"", "Bearer a b", 401, `Bearer error="invalid_token", scope="videos:read", ` + metadata + `, error_description="Invalid or expired access token"`},
		"its own":        {resource.ID, "Bearer live", 200, ""},
		"of another one": {"https://api.test/v1", "Bearer live", 401, `Bearer error="invalid_token", scope="videos:read", ` + metadata + `, error_description="This token was issued for https://api.test/v1"`},
	} {
		h := httpauth.RequireScope(&audience{id: row.audience}, "videos:read", httpauth.WithResource(resource))(http.HandlerFunc(subject))
		var header []string
		if row.authorization != "" {
			header = []string{row.authorization}
		}
		if w := serve(h, "/mcp", header...); w.Code != row.status || w.Header().Get("WWW-Authenticate") != row.challenge {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
}

// TestANilOptionIsTheDefault, and does not fail with the first request that needs it.
func TestANilOptionIsTheDefault(t *testing.T) {
	none := []httpauth.Option{httpauth.WithPath(nil), httpauth.WithSource(nil), httpauth.WithLogger(nil), httpauth.WithNonces(nil)}
	for name, h := range map[string]http.Handler{
		"catalog": httpauth.New(&checker{}, none...)(http.HandlerFunc(subject)),
		"scope":   httpauth.RequireScope(&checker{}, "videos:read", none...)(http.HandlerFunc(subject)),
	} {
		if live, down := serve(h, "/v1/videos", "Bearer live"), serve(h, "/v1/videos", "Bearer down"); live.Code != 200 || down.Code != 503 {
			t.Errorf("%s: %d and %d", name, live.Code, down.Code)
		}
	}
}
