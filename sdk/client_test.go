package usher_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/ushertest"
)

func TestIntrospectReturnsATypedToken(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	got, err := client.Introspect(t.Context(), server.Issue(facts()))
	want := &usher.Token{
		Kind: enforce.AccessToken, Subject: "usr_a", Username: "usr_a", Name: "A", ClientID: "app", WorkspaceID: "ws_a", Plan: "pro",
		Scopes: []string{"videos:read", "jobs:read"}, Issuer: "https://issuer.test", IssuedAt: time.Unix(100, 0), ExpiresAt: time.Unix(3700, 0),
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if !got.Has("jobs:read") || got.Has("jobs") || got.Has("videos:read jobs:read") || got.Has("") {
		t.Error("a scope is not matched exactly")
	}
	key, err := client.Introspect(t.Context(), server.Issue(&tokenv1.IntrospectTokenResponse{
		Kind: tokenv1.TokenKind_TOKEN_KIND_API_KEY, Sub: "key_a", WorkspaceId: "ws_a", Plan: "free",
	}))
	if err != nil || key.Kind != enforce.APIKey || !key.ExpiresAt.IsZero() {
		t.Errorf("a key without an end: %+v, %v", key, err)
	}
}

func TestRFC7662_2_2_EveryInactiveTokenIsErrInactive(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	ended := server.Issue(facts())
	server.Revoke(ended)
	for _, token := range []string{"", "unknown", ended, ushertest.Token(tokenv1.TokenKind_TOKEN_KIND_API_KEY)} {
		if _, err := client.Introspect(t.Context(), token); !errors.Is(err, usher.ErrInactive) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestAnOutageIsNotAnInactiveToken(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(facts())
	server.Fail(status.Error(codes.Unavailable, "a dependency is unavailable"))
	if _, err := client.Introspect(t.Context(), token); err == nil || errors.Is(err, usher.ErrInactive) || status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
	_, err := client.Check(t.Context(), token, "GET", "/v1/videos")
	if statusOf(err) != 503 || status.Code(errors.Unwrap(err)) == codes.OK && !strings.Contains(err.Error(), "dependency") {
		t.Errorf("got %v", err)
	}
}

func TestWireContract6_CheckReturnsTheTablesStatus(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	access := server.Issue(facts())
	key := server.Issue(&tokenv1.IntrospectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_API_KEY, Sub: "key_a", WorkspaceId: "ws_a", Plan: "free"})
	user := server.Issue(&tokenv1.IntrospectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_USER_TOKEN, Sub: "usr_a", ExpiresInMs: 1000, Exp: 1})
	for range 2 { // introspected, then cached
		for name, row := range map[string]struct {
			token, method, path string
			status              int
		}{
			"allowed":                  {access, "GET", "/v1/videos", 0},
			"none":                     {"", "GET", "/v1/videos", 401},
			"unknown":                  {ushertest.Token(0), "GET", "/v1/videos", 401},
			"no scope":                 {access, "POST", "/v1/videos/x/export", 403},
			"unknown path":             {access, "GET", "/v1/nothing", 404},
			"a key":                    {key, "GET", "/v1/videos", 0},
			"a key beyond its plan":    {key, "POST", "/v1/videos/x/export", 403},
			"a user token":             {user, "GET", "/v1/videos", 401},
			"unknown and unknown path": {ushertest.Token(0), "GET", "/v1/nothing", 401},
		} {
			got, err := client.Check(t.Context(), row.token, row.method, row.path)
			if statusOf(err) != row.status || (row.status == 0) != (err == nil && got != nil) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
}

func TestAMalformedTokenIsNotIntrospected(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	good, key, user := ushertest.Token(0), ushertest.Token(tokenv1.TokenKind_TOKEN_KIND_API_KEY), ushertest.Token(tokenv1.TokenKind_TOKEN_KIND_USER_TOKEN)
	for name, token := range map[string]string{
		"short": good[:56], "long": good + "0", "another prefix": "vdo_ort_" + good[8:], "upper case": "VDO_OAT_" + good[8:],
		"a wrong checksum": flip(good, 56), "a wrong character": flip(good, 20), "not base62": good[:20] + "-" + good[21:],
		"a key with another body": "vdo_live_" + good[8:], "a short key": key[:57], "a wrong key": flip(key, 30),
		"base32 with a 1": user[:100] + "1" + user[101:], "lower case": strings.ToLower(user), "179": user[:179], "huge": strings.Repeat("A", 1<<20),
	} {
		if _, err := client.Check(t.Context(), token, "GET", "/v1/videos"); statusOf(err) != 401 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if requests := server.Introspections(); len(requests) != 0 {
		t.Errorf("introspected %d times", len(requests))
	}
	for _, token := range []string{good, key, user} {
		_ = active(t, client, token)
	}
	if requests := server.Introspections(); len(requests) != 3 {
		t.Errorf("introspected %d times for 3 well-formed tokens", len(requests))
	}
}

// flip changes one character for another of both alphabets.
func flip(s string, i int) string {
	c := byte('A')
	if s[i] == c {
		c = 'B'
	}
	return s[:i] + string(c) + s[i+1:]
}

func TestNoCatalogIsUnavailableAndNotAllowed(t *testing.T) {
	server := ushertest.New()
	token := server.Issue(facts())
	server.SetCatalog(&tokenv1.GetCatalogResponse{Endpoints: []*tokenv1.Endpoint{{Method: "GET", Path: "/v1//", Scope: "videos:read"}}})
	client := dial(t, start(t, server))
	if _, err := client.Check(t.Context(), token, "GET", "/v1/"); statusOf(err) != 503 {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := client.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ready: %v", err)
	}
	server.SetCatalog(ushertest.New().Catalog())
	waitReady(t, client)
	if _, err := client.Check(t.Context(), token, "GET", "/v1/videos"); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestANewCatalogTakesEffect(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(facts())
	if _, err := client.Check(t.Context(), token, "GET", "/v1/jobs"); statusOf(err) != 404 {
		t.Fatalf("got %v", err)
	}
	server.SetCatalog(&tokenv1.GetCatalogResponse{
		Endpoints: []*tokenv1.Endpoint{{Method: "GET", Path: "/v1/jobs", Scope: "jobs:read"}},
		Plans:     []*tokenv1.Plan{{Name: "pro", Endpoints: []string{"GET /v1/jobs"}}},
	})
	eventually(t, "the new row", func() bool {
		_, err := client.Check(t.Context(), token, "GET", "/v1/jobs")
		return err == nil
	})
	if _, err := client.Check(t.Context(), token, "GET", "/v1/videos"); statusOf(err) != 404 {
		t.Errorf("the old row is still in the catalog: %v", err)
	}
}

func TestTheCallersConnectionStaysOpen(t *testing.T) {
	server := ushertest.New()
	conn, err := grpc.NewClient(start(t, server), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := usher.New(conn)
	waitReady(t, client)
	token := server.Issue(facts())
	if !active(t, client, token) {
		t.Error("not active")
	}
	if err := errors.Join(client.Close(), client.Close()); err != nil {
		t.Error(err)
	}
	if err := client.Ready(t.Context()); err == nil {
		t.Error("a closed client is ready")
	}
	if cached(t, server, client, token) {
		t.Error("a closed client uses its cache")
	}
	if _, err := tokenv1.NewCatalogServiceClient(conn).GetCatalog(t.Context(), &tokenv1.GetCatalogRequest{}); err != nil {
		t.Error(err)
	}
}

// withResources returns a server whose catalog has an MCP server besides the API.
func withResources() *ushertest.Server {
	server := ushertest.New()
	c := proto.CloneOf(server.Catalog())
	c.Endpoints = append(c.Endpoints, &tokenv1.Endpoint{Method: "POST", Path: "/mcp", Scope: "videos:read"})
	c.Plans[1].Endpoints = append(c.Plans[1].Endpoints, "POST /mcp")
	c.Resources = []*tokenv1.Resource{
		{Id: "https://api.test/v1", Metadata: "https://api.test/.well-known/oauth-protected-resource/v1"},
		{Id: "https://mcp.test/mcp", Metadata: "https://api.test/.well-known/oauth-protected-resource/mcp.test/mcp", Paths: []string{"/mcp"}},
	}
	server.SetCatalog(c)
	return server
}

func TestRFC8707_2_CheckRefusesATokenForAnotherResource(t *testing.T) {
	server := withResources()
	client := ready(t, server)
	mcp, old := facts(), server.Issue(facts())
	mcp.Aud = []string{"https://mcp.test/mcp"}
	token := server.Issue(mcp)
	for range 2 { // introspected, then cached
		if got, err := client.Check(t.Context(), token, "POST", "/mcp"); err != nil || !reflect.DeepEqual(got.Audience, mcp.GetAud()) {
			t.Fatalf("at its resource: %v, %v", got, err)
		}
		_, err := client.Check(t.Context(), token, "GET", "/v1/videos")
		var d *enforce.Denial
		if !errors.As(err, &d) || d.Status != 401 || !d.OtherResource() || !strings.Contains(d.Challenge, `resource_metadata="https://api.test/.well-known/oauth-protected-resource/v1"`) {
			t.Errorf("at the API: %v", err)
		}
		if _, err := client.Check(t.Context(), old, "GET", "/v1/videos"); err != nil {
			t.Errorf("a token of release 0.1 at the API: %v", err)
		}
		if _, err := client.Check(t.Context(), old, "POST", "/mcp"); statusOf(err) != 401 {
			t.Errorf("a token of release 0.1 at MCP: %v", err)
		}
	}
	_, err := client.Check(t.Context(), "", "POST", "/mcp")
	var d *enforce.Denial
	if !errors.As(err, &d) || d.Challenge != `Bearer scope="videos:read", resource_metadata="https://api.test/.well-known/oauth-protected-resource/mcp.test/mcp"` {
		t.Errorf("without a token: %v", d)
	}
}

func TestTheContextCarriesTheToken(t *testing.T) {
	if got, ok := usher.FromContext(t.Context()); ok || got != nil {
		t.Error("a token from nowhere")
	}
	want := &usher.Token{Subject: "usr_a"}
	if got, ok := usher.FromContext(usher.NewContext(t.Context(), want)); !ok || got != want {
		t.Errorf("got %v %t", got, ok)
	}
}
