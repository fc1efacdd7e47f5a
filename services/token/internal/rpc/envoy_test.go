package rpc_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/access"
	"github.com/vidocu/usher/services/token/internal/accesstest"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

func entryPoint(tokens access.Tokens) *rpc.Envoy {
	return &rpc.Envoy{
		Decider: access.Decider{Tokens: tokens, Rules: catalog.Default().At(accesstest.API).Rules}, Logger: slog.New(slog.DiscardHandler),
	}
}

func envoyRequest(method, path string, headers map[string]string) *authv3.CheckRequest {
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{
		Http: &authv3.AttributeContext_HttpRequest{Method: method, Path: path, Headers: headers},
	}}}
}

// outcomeOf returns what Envoy does with a response: the status that the client gets, 0 where the
// request is forwarded, and the headers of the response or the request.
func outcomeOf(res *authv3.CheckResponse) (status int, headers map[string]string, body string) {
	list := res.GetOkResponse().GetHeaders()
	if denied := res.GetDeniedResponse(); denied != nil {
		status, list, body = int(denied.GetStatus().GetCode()), denied.GetHeaders(), denied.GetBody()
	}
	headers = map[string]string{}
	for _, h := range list {
		if h.GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			headers["appended"] = h.GetHeader().GetKey()
		}
		headers[h.GetHeader().GetKey()] = h.GetHeader().GetValue()
	}
	return status, headers, body
}

// TestWireContract6_TheScopeMatrixAtEachDoor: both entry points return the result of the table.
func TestWireContract6_TheScopeMatrixAtEachDoor(t *testing.T) {
	accesstest.Each(t, func(t *testing.T, tokens accesstest.Tokens, c accesstest.Cell) {
		envoy := entryPoint(tokens)
		res, err := envoy.Check(t.Context(), envoyRequest(c.Method, c.Path+"?a=/v1/videos", map[string]string{"authorization": "Bearer token"}))
		if err != nil {
			t.Fatal(err)
		}
		status, headers, body := outcomeOf(res)
		if status != c.Status || headers["appended"] != "" || (c.Status == 0) != (res.GetStatus().GetCode() == 0) {
			t.Errorf("%s: Envoy answers %d, want %d", c.Name, status, c.Status)
		}
		if c.Status != 0 {
			want := string((&enforce.Denial{Code: c.Code, Message: c.Message}).JSON())
			if body != want || headers["WWW-Authenticate"] != c.Challenge || headers["Content-Type"] != "application/json" || headers["Cache-Control"] != "no-store" {
				t.Errorf("%s: Envoy answers %q with %v", c.Name, body, headers)
			}
		}
		got, err := (&rpc.Access{Decider: envoy.Decider}).CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: "token", Method: c.Method, Path: c.Path})
		if err != nil {
			t.Fatal(err)
		}
		var want *tokenv1.Denied
		if c.Status != 0 {
			want = &tokenv1.Denied{Status: int32(c.Status), Code: c.Code, Message: c.Message, Challenge: c.Challenge}
		}
		if !proto.Equal(got.GetDenied(), want) || (got.GetAllowed() == nil) != (want != nil) {
			t.Errorf("%s: CheckAccess answers %v", c.Name, got)
		}
	})
}

// TestFault_E9_WhatTheCallerSaysOfItselfNeverPassesEnvoy: in any spelling, and whether or not Envoy
// shows it.
func TestFault_E9_WhatTheCallerSaysOfItselfNeverPassesEnvoy(t *testing.T) {
	forged := map[string]string{
		"authorization": "Bearer token", "usher-subject": "usr_evil", "usher-client-id": "evil", "usher-scope": "export:write",
		"usher_subject": "usr_evil", "usher-anything": "x", "x-usher": "kept", "usher.subject": "usr_evil", "usher~subject": "usr_evil",
		"x-http-method-override": "DELETE", "x.http.method": "DELETE",
	}
	// Always, since Envoy does not show every header.
	misleading := []string{
		"x-http-method", "x-http-method-override", "x-method-override", "x-original-method", "x-original-uri", "x-original-url", "x-rewrite-url",
	}
	for name, row := range map[string]struct {
		facts   introspect.Facts
		headers map[string]string
		removed []string
	}{
		"an app": {
			introspect.Facts{Kind: enforce.AccessToken, UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme", Scope: "videos:read", Plan: "pro"},
			map[string]string{
				"Usher-Subject": "usr_john", "Usher-Client-Id": "app", "Usher-Workspace-Id": "ws_acme", "Usher-Scope": "videos:read", "Usher-Token-Kind": "access_token",
			},
			[]string{"authorization", "dpop", "usher-anything", "usher.subject", "usher_subject", "usher~subject", "x.http.method"},
		},
		"a key": {
			introspect.Facts{Kind: enforce.APIKey, KeyID: "key_1", WorkspaceID: "ws_acme", Plan: "pro"},
			map[string]string{"Usher-Subject": "key_1", "Usher-Workspace-Id": "ws_acme", "Usher-Token-Kind": "api_key"},
			[]string{
				"authorization", "dpop", "usher-anything", "usher-client-id", "usher-scope", "usher.subject", "usher_subject", "usher~subject", "x.http.method",
			},
		},
	} {
		envoy := entryPoint(accesstest.Tokens{"token": row.facts})
		for _, raw := range []bool{false, true} {
			req := envoyRequest("GET", "/v1/videos", forged)
			if raw {
				asRaw(req.GetAttributes().GetRequest().GetHttp())
			}
			res, err := envoy.Check(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			status, headers, _ := outcomeOf(res)
			removed := slices.Sorted(slices.Values(res.GetOkResponse().GetHeadersToRemove()))
			if status != 0 || !equal(headers, row.headers) || !slices.Equal(removed, slices.Sorted(slices.Values(slices.Concat(misleading, row.removed)))) {
				t.Errorf("%s, raw %v: %d, sets %v, removes %v", name, raw, status, headers, removed)
			}
		}
		envoy.KeepAuthorization = true
		res, err := envoy.Check(t.Context(), envoyRequest("GET", "/v1/videos", forged))
		if err != nil || slices.Contains(res.GetOkResponse().GetHeadersToRemove(), "authorization") {
			t.Errorf("%s: the bearer is removed though it is to be kept: %v", name, err)
		}
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// asRaw sends the headers as Envoy does with encode_raw_headers.
func asRaw(http *authv3.AttributeContext_HttpRequest) {
	http.HeaderMap = &corev3.HeaderMap{}
	for name, value := range http.GetHeaders() {
		http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	http.Headers = nil
}

func TestRFC6750_3_1_EnvoyIsToldWhetherATokenWasSent(t *testing.T) {
	envoy := entryPoint(accesstest.Tokens{"token": {Kind: enforce.APIKey, KeyID: "key_1", Plan: "pro"}})
	const (
		metadata = `resource_metadata="https://api.test/.well-known/oauth-protected-resource/v1"`
		none     = `Bearer scope="videos:read", ` + metadata
		invalid  = `Bearer error="invalid_token", scope="videos:read", ` + metadata + `, error_description="Invalid or expired access token"`
	)
	for value, challenge := range map[string]string{
		"": none, "Basic dG9rZW4=": none, "Bearer": none, "Bearer other": invalid, "Bearer token,Bearer token": invalid, "Bearer token token": invalid,
	} {
		res, err := envoy.Check(t.Context(), envoyRequest("GET", "/v1/videos", map[string]string{"authorization": value}))
		if status, headers, _ := outcomeOf(res); err != nil || status != 401 || headers["WWW-Authenticate"] != challenge {
			t.Errorf("%q: %d, %v, %v, want 401 with %s", value, status, headers, err, challenge)
		}
	}
	twice := envoyRequest("GET", "/v1/videos", nil)
	for range 2 {
		http := twice.GetAttributes().GetRequest().GetHttp()
		if http.GetHeaderMap() == nil {
			http.HeaderMap = &corev3.HeaderMap{}
		}
		http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: "Authorization", Value: "Bearer token"})
	}
	if status, _, _ := outcomeOf(mustCheck(t, envoy, twice)); status != 401 {
		t.Errorf("two headers: %d", status)
	}
	if status, headers, _ := outcomeOf(mustCheck(t, envoy, &authv3.CheckRequest{})); status != 401 || headers["WWW-Authenticate"] != "Bearer "+metadata {
		t.Errorf("a question about nothing: %d, %v", status, headers)
	}
}

func mustCheck(t *testing.T, envoy *rpc.Envoy, req *authv3.CheckRequest) *authv3.CheckResponse {
	t.Helper()
	res, err := envoy.Check(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// unavailable is an access.Tokens that fails.
type unavailable struct{ err error }

func (a unavailable) Live(context.Context, string, string) (introspect.Facts, error) {
	return introspect.Facts{}, a.err
}

func TestRule4_WhatCannotBeKnownIsDeniedWith503AndLogged(t *testing.T) {
	var log strings.Builder
	envoy := entryPoint(unavailable{errors.New("connection refused")})
	envoy.Logger = slog.New(slog.NewTextHandler(&log, nil))
	res := mustCheck(t, envoy, envoyRequest("GET", "/v1/videos", map[string]string{"authorization": "Bearer sentinel"}))
	status, headers, body := outcomeOf(res)
	if status != 503 || headers["Retry-After"] != "2" || !strings.Contains(body, `"code":"unavailable"`) || res.GetStatus().GetCode() == 0 {
		t.Errorf("%d, %v, %s", status, headers, body)
	}
	if !strings.Contains(log.String(), "connection refused") || strings.Contains(log.String(), "sentinel") {
		t.Errorf("the log is %q", log.String())
	}
	_, err := (&rpc.Access{Decider: envoy.Decider}).CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: "token"})
	if oerr.Reason(err) != errorv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("CheckAccess: %v", err)
	}
	if _, err := entryPoint(unavailable{context.Canceled}).Check(t.Context(), envoyRequest("GET", "/", map[string]string{"authorization": "Bearer x"})); err == nil {
		t.Error("a caller that went away is answered")
	}
}

func BenchmarkEnvoyCheck(b *testing.B) {
	envoy := entryPoint(accesstest.Tokens{"token": {
		Kind: enforce.AccessToken, UserID: "usr_1", ClientID: "app", WorkspaceID: "ws_1", Scope: "videos:read export:write", Plan: "pro",
	}})
	req := envoyRequest("POST", "/v1/videos/vid_1/export?x=1", map[string]string{
		"authorization": "Bearer token", "accept": "*/*", "user-agent": "bench", "content-type": "application/json", "x-request-id": "1",
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := envoy.Check(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}

// TestFault_F10_EnvoysDenialMayBeReadInABrowser as that of the gateway's /v1 may.
func TestFault_F10_EnvoysDenialMayBeReadInABrowser(t *testing.T) {
	status, headers, _ := outcomeOf(mustCheck(t, entryPoint(accesstest.Tokens{}), envoyRequest("GET", "/v1/videos", nil)))
	if status != 401 || headers["Access-Control-Allow-Origin"] != "*" || headers["Access-Control-Expose-Headers"] != enforce.ExposedHeaders {
		t.Errorf("%d %v", status, headers)
	}
}
