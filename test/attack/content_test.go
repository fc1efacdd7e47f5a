package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// bodies returns the endpoints that read a body, each with a valid JSON body and, where it reads
// forms, a valid form.
func bodies() map[string][2]string {
	form := tokenRequest("vdo_ort_unknown").Encode()
	return map[string][2]string{
		"/oauth/token": {`{"grant_type":"refresh_token","refresh_token":"vdo_ort_unknown","client_id":"` + harness.ConfidentialID +
			`","client_secret":"` + harness.ConfidentialPW + `"}`, form},
		"/oauth/revoke":             {`{"token":"vdo_oat_unknown"}`, "token=vdo_oat_unknown"},
		"/oauth/introspect":         {`{"token":"x","client_id":"` + harness.ResourceID + `","client_secret":"` + harness.ResourcePW + `"}`, "token=x&client_id=" + harness.ResourceID + "&client_secret=" + harness.ResourcePW},
		"/api/v1/user/authenticate": {`{"emailAddress":"` + harness.EstherEmail + `","password":"` + harness.UserPassword + `"}`, ""},
	}
}

// bodyWasParsed reports whether the response is about the body's content, and not about its media
// type.
func bodyWasParsed(path string, status int) bool {
	return status == http.StatusOK || path == "/oauth/token" && (status == http.StatusUnauthorized || status == http.StatusBadRequest)
}

// TestCase88_ABodyIsParsedAsItsContentTypeDeclares: every endpoint parses a body only as its
// Content-Type declares.
func TestCase88_ABodyIsParsedAsItsContentTypeDeclares(t *testing.T) {
	for path, body := range bodies() {
		for _, good := range []string{"application/json", "application/json;charset=utf-8", "Application/JSON; Charset=UTF-8"} {
			if a := send(t, httpRequest{Path: path, Type: good, Body: body[0]}); !bodyWasParsed(path, a.Status) {
				t.Fatalf("%s as %s: %d %s", path, good, a.Status, a.Raw)
			}
		}
		bad := []string{
			"text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/xml",
			"application/grpc", "application/grpc-web", "application/x-protobuf", "application/json, text/plain", "json", "*/*",
		}
		if body[1] == "" {
			bad = append(bad, typeForm, "") // /oauth endpoints read a body without a type as a form
		}
		for _, kind := range bad {
			a := send(t, httpRequest{Path: path, Type: kind, Body: body[0]})
			expect.Equal(t, path+" as "+kind, a.Status, http.StatusUnsupportedMediaType)
			wantOurShape(t, path+" as "+kind, path, a)
		}
		a := send(t, httpRequest{Path: path, Body: body[0], Header: []string{"Content-Type", typeJSON, "Content-Type", "text/plain"}})
		expect.Equal(t, path+" with two types", a.Status, http.StatusUnsupportedMediaType)
		if body[1] == "" {
			continue
		}
		if a := send(t, httpRequest{Path: path, Type: typeForm, Body: body[1]}); !bodyWasParsed(path, a.Status) {
			t.Fatalf("%s with a form: %d %s", path, a.Status, a.Raw)
		}
		for kind, crossed := range map[string]string{typeForm: body[0], typeJSON: body[1]} {
			a := send(t, httpRequest{Path: path, Type: kind, Body: crossed})
			if a.Status != http.StatusBadRequest && a.Status != http.StatusUnauthorized { // the client did not authenticate
				t.Errorf("%s: %q as %s returned %d %s", path, crossed, kind, a.Status, a.Raw)
			}
		}
	}
	for _, page := range []string{"/signin", "/consent/decision", "/account/connected-apps/disconnect", "/signout"} {
		for _, kind := range []string{"text/plain", typeJSON, "", "multipart/form-data; boundary=x"} {
			expect.Equal(t, page+" as "+kind, send(t, httpRequest{Path: page, Type: kind, Body: "email=x"}).Status, http.StatusUnsupportedMediaType)
		}
	}
}

// TestCase89_NullAndNULAndInvalidUTF8AreRefused in every text parameter, in the endpoint's own
// error shape.
func TestCase89_NullAndNULAndInvalidUTF8AreRefused(t *testing.T) {
	wantServing(t)
	fields := map[string][]string{
		"/oauth/token":  {"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope"},
		"/oauth/revoke": {"token", "token_type_hint", "client_id", "client_secret"}, "/oauth/introspect": {"token", "token_type_hint", "client_id", "client_secret"},
		"/api/v1/user/authenticate": {"emailAddress", "password", "clientSecret"},
	}
	refused := func(what string, s httpRequest) {
		t.Helper()
		a := send(t, s)
		if a.Status != http.StatusBadRequest && a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %.300s", what, a.Status, a.Raw)
		}
		wantOurShape(t, what, s.Path, a)
		for _, inner := range []string{"SQLSTATE", "pgx", "proto", "invalid byte", "rpc error", "127.0.0.1"} {
			if strings.Contains(a.Raw, inner) {
				t.Errorf("%s returns internal details: %s", what, a.Raw)
			}
		}
	}
	for path, names := range fields {
		for _, body := range []string{"", "{}", "null", " ", "\xff", "{\"" + names[0] + "\":\"\xff\"}", `{"` + names[0] + `":"\ud800"}`} {
			refused(path+" with "+body, httpRequest{Path: path, Type: typeJSON, Body: body, From: "127.0.89.1"})
		}
		for _, name := range names {
			for _, text := range []string{`a\u0000b`, `\u0000`} {
				refused(path+", NUL in "+name, httpRequest{Path: path, Type: typeJSON, Body: `{"` + name + `":"` + text + `"}`, From: "127.0.89.1"})
			}
			if strings.HasPrefix(path, "/oauth/") {
				for _, text := range []string{"%00", "a%00b", "%ff", "\xff"} {
					refused(path+", form, "+name, httpRequest{Path: path, Type: typeForm, Body: name + "=" + text})
				}
			}
		}
	}
	tokens := wantServing(t)
	for _, path := range []string{"/api/v1/user/%00", "/api/v1/user/%ff", "/api/v1/user/a%00b@example.com?userPartsToFetch=BasicInfo", "/api/v1/user/%", "/api/v1/user/x?userPartsToFetch=%00", "/api/v1/user/x?%ff=1"} {
		a := send(t, httpRequest{Method: http.MethodGet, Path: path, Header: []string{"Authorization", "Bearer " + tokens.Access}})
		if a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, a.Status, a.Raw)
		}
	}
	for _, path := range []string{
		"/oauth/authorize?client_id=%ff", "/oauth/authorize?client_id=%00&redirect_uri=%00", "/consent?request=%ff", "/signin?request=%00",
		"/oauth/authorize?" + strings.Replace(harness.Request{}.Path()[len("/oauth/authorize?"):], "state=", "state=%00%ff", 1),
		"/account/connected-apps?disconnected=%ff", "/v1/videos/%00", "/v1/videos/%ff", "/%00", "/%ff", "/v1/videos?x=%00",
	} {
		if a := send(t, httpRequest{Method: http.MethodGet, Path: path, Header: []string{"Authorization", "Bearer " + tokens.Access}}); a.Status >= 500 {
			t.Errorf("%s: %d %.300s", path, a.Status, a.Raw)
		}
	}
}

// TestCase89_AControlCharacterInAHeaderIsRefused.
func TestCase89_AControlCharacterInAHeaderIsRefused(t *testing.T) {
	tokens := wantServing(t)
	for _, bad := range []string{"\x01", "\x7f", "\x00", "\xff", "\r"} {
		for _, header := range []string{"Authorization: Bearer " + tokens.Access + bad, "Authorization: Basic " + bad, "Cookie: usher_session=" + bad, "X-Other: " + bad, "Content-Type: application/json" + bad} {
			r := exchange(t, "POST /oauth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+header+"\r\nContent-Length: 2\r\n\r\n{}")
			if s := r.status(); s < 400 || s >= 500 {
				t.Errorf("%q returned %d", header, s)
			}
			if !strings.HasPrefix(header, "Authorization: Bearer") {
				continue
			}
			r = exchange(t, "GET /v1/videos HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+header+"\r\n\r\n")
			if s := r.status(); s != http.StatusBadRequest && s != http.StatusUnauthorized {
				t.Errorf("%q at /v1 returned %d", header, s)
			}
		}
	}
}

// TestCase92_NoRouteRunsAnotherMethodsHandler, by header, field or query, however often it is
// tried.
func TestCase92_NoRouteRunsAnotherMethodsHandler(t *testing.T) {
	tokens := wantServing(t)
	b := shared.NewBrowser()
	expect.NoError(t, b.SignInAs(harness.JohnEmail))
	cookies := b.Cookies()
	statuses := map[string]int{
		"/oauth/token": 400, "/oauth/revoke": 400, "/oauth/introspect": 401, "/oauth/authorize": 400, "/signin": 403, "/signout": 403,
		"/consent": 405, "/consent/decision": 403, "/account/connected-apps": 405, "/account/connected-apps/disconnect": 403,
		"/.well-known/oauth-authorization-server": 405, "/healthz": 405, "/api/v1/user/authenticate": 415,
		"/api/v1/user/" + url.PathEscape(harness.JohnEmail): 405, "/v1/jobs": 404, "/nowhere": 404,
	}
	for path, status := range statuses {
		for i := range 50 {
			method := []string{"DELETE", "PUT", "PATCH", "GET", "POST"}[i%5]
			a := send(t, httpRequest{
				Path: path + "?_method=" + method, Type: typeForm, Body: "_method=" + method + "&x-http-method-override=" + method,
				Header: []string{
					"X-HTTP-Method-Override", method, "X-Http-Method", method, "X-Method-Override", method, "Cookie", cookies,
					"Authorization", "Bearer " + tokens.Access,
				},
			})
			if a.Status != status {
				t.Errorf("POST %s overridden to %s, time %d: %d %.200s, want %d", path, method, i, a.Status, a.Raw, status)
				break
			}
		}
	}
	expect.Equal(t, "token after it all", activeNow(t, tokens.Access), true)
}

func activeNow(t *testing.T, token string) bool {
	t.Helper()
	active, err := shared.Active(token)
	expect.NoError(t, err)
	return active
}
