package gateway_test

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/logging"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// withRequestIDs returns a gateway whose log lines have the request ID, as in a process.
func withRequestIDs(t *testing.T, change ...func(*gateway.Deps)) browser {
	t.Helper()
	var logs *browser
	p := newBrowser(t, append(change, func(d *gateway.Deps) {
		d.Development = true
		d.Logger = slog.New(relay(func(line []byte) { _, _ = logs.logs.Write(line) }, t))
	})...)
	logs = &p
	return p
}

// relay returns a handler that passes its lines to write.
func relay(write func([]byte), t *testing.T) slog.Handler {
	t.Helper()
	logger, err := logging.New(writer(write), logging.Config{Level: "debug", Format: "text"}, requestid.Attrs)
	if err != nil {
		t.Fatal(err)
	}
	return logger.Handler()
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// TestFault_D3_EveryResponseHasTheIDOfItsLogLines: docs/wire-contract.md §3. The header is ignored
// in requests and in the upstream's responses.
func TestFault_D3_EveryResponseHasTheIDOfItsLogLines(t *testing.T) {
	const forged = "00000000-0000-4000-8000-000000000000"
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Usher-Request-Id"]) > 0 {
			t.Error("the forged ID reaches the API")
		}
		w.Header().Set("Usher-Request-Id", forged)
	})
	p := withRequestIDs(t, withUpstream(u))
	seen := map[string]bool{}
	for _, path := range []string{
		"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/authorize", "/signin", "/signout", "/consent", "/consent/decision",
		"/account/connected-apps", "/account/connected-apps/disconnect", "/v1/videos", "/v1/nowhere", "/api/v1/user",
		"/api/v1/user/authenticate", "/api/v1/user/logout", "/.well-known/oauth-authorization-server", "/healthz", "/", "/nowhere",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodDelete} {
			for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain"} {
				p.logs.Reset()
				r := httptest.NewRequest(method, "https://login.test"+path, strings.NewReader("{}"))
				r.Header.Set("Content-Type", kind)
				r.Header.Set("Usher-Request-Id", forged)
				r.Header.Set("Authorization", "Bearer "+allScopes)
				r.Header.Set("Origin", "https://app.test")
				r.Header.Set("Access-Control-Request-Method", method)
				ids := p.send(r).Header()["Usher-Request-Id"]
				if len(ids) != 1 || !uuid.MatchString(ids[0]) || ids[0] == forged || seen[ids[0]] {
					t.Fatalf("%s %s as %s: the ids are %q", method, path, kind, ids)
				}
				seen[ids[0]] = true
				if !strings.Contains(p.logs.String(), "request_id="+ids[0]) || strings.Contains(p.logs.String(), forged) {
					t.Fatalf("%s %s as %s: %s is not the id of\n%s", method, path, kind, ids[0], p.logs)
				}
			}
		}
	}
}

// entryPoint is a public endpoint in one of its dialects, and its RPC.
type entryPoint struct {
	rpc, path, kind, body string
}

func entryPoints() []entryPoint {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	return []entryPoint{
		{"IssueToken", "/oauth/token", form, "grant_type=refresh_token"},
		{"IssueToken", "/oauth/token", json, `{"grant_type":"x"}`},
		{"RevokeToken", "/oauth/revoke", form, "token=x"},
		{"RevokeToken", "/oauth/revoke", json, `{"token":"x"}`},
		{"IntrospectClientToken", "/oauth/introspect", form, "token=x"},
		{"IntrospectClientToken", "/oauth/introspect", json, `{"token":"x"}`},
		{"AuthenticateUser", "/api/v1/user/authenticate", json, `{"emailAddress":"a@b.test","password":"p"}`},
		{"Logout", "/api/v1/user/logout", json, "{}"},
		{"RefreshAccessToken", "/api/v1/user/refresh-access-token", json, "{}"},
	}
}

func (p browser) postTo(e entryPoint) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://login.test"+e.path, strings.NewReader(e.body))
	r.Header.Set("Content-Type", e.kind)
	return p.send(r)
}

// normalized returns a response without its request ID.
func normalized(w *httptest.ResponseRecorder) string {
	h := w.Header().Clone()
	id := h.Get("Usher-Request-Id")
	h.Del("Usher-Request-Id")
	var b strings.Builder
	_ = h.Write(&b)
	return strings.ReplaceAll(b.String()+w.Body.String(), id, "")
}

// hidden reports whether a reason has one public text, whatever the service says: its causes differ in what
// an attacker must not learn.
func hidden(reason errorv1.Reason) bool {
	return slices.Contains([]errorv1.Reason{
		errorv1.Reason_REASON_INVALID_CLIENT, errorv1.Reason_REASON_INVALID_CODE, errorv1.Reason_REASON_INVALID_CODE_VERIFIER,
		errorv1.Reason_REASON_INVALID_REFRESH_TOKEN, errorv1.Reason_REASON_INVALID_DEVICE_CODE, errorv1.Reason_REASON_UNAVAILABLE,
	}, reason)
}

// TestFault_D3_NoPublicResponseRevealsTheCause: in every dialect of every endpoint, causes that
// share a reason have identical responses, and only the log line has the cause and the client.
func TestFault_D3_NoPublicResponseRevealsTheCause(t *testing.T) {
	const sentinel = "vdo_client_sentinel"
	for _, e := range entryPoints() {
		p, byReason := withRequestIDs(t), map[errorv1.Reason]string{}
		for number := range errorv1.Cause_name {
			cause := errorv1.Cause(number)
			reason := oerr.ReasonOf(cause)
			if reason == errorv1.Reason_REASON_UNSPECIFIED || reason == errorv1.Reason_REASON_SESSION_REQUIRED {
				continue
			}
			p.logs.Reset()
			text := "the service's text"
			if hidden(reason) {
				text = sentinel
			}
			p.respond(e.rpc, nil, oerr.Refuse(cause, text, oerr.WithClient(sentinel)))
			w := p.postTo(e)
			got, label := normalized(w), oerr.CauseLabel(cause)
			if strings.Contains(got, sentinel) || label != "rate_limited" && strings.Contains(strings.ToLower(got), label) {
				t.Errorf("%s as %s reveals %s: %s", e.path, e.kind, label, got)
			}
			if first, ok := byReason[reason]; ok && got != first {
				t.Errorf("%s as %s: %s gets\n%s\nand another cause of %s\n%s", e.path, e.kind, label, got, reason, first)
			}
			byReason[reason] = got
			line := refusalLine(p.logs.String())
			about := strings.Contains(line, "endpoint="+e.path) && strings.Contains(line, "client_id="+sentinel) &&
				strings.Contains(line, "level=INFO")
			if strings.HasPrefix(e.path, "/api/") {
				about = strings.Contains(line, "incident_id=") // the user API logs its own line at INFO
			}
			if page := "docs=https://login.test/docs/errors#" + label; !strings.HasPrefix(e.path, "/api/") && !strings.Contains(line, page) {
				t.Errorf("%s, %s: the line does not lead to the cause's page: %q", e.path, label, line)
			}
			if !about || !strings.Contains(line, "cause="+label) {
				t.Errorf("%s as %s, %s: the line is %q", e.path, e.kind, label, line)
			}
		}
	}
}

// refusalLine returns the one log line about a refusal; empty where there is none, or more than
// one.
func refusalLine(log string) string {
	found := ""
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `msg="request refused"`) && !strings.Contains(line, `msg="a user API request failed"`) {
			continue
		}
		if found != "" {
			return ""
		}
		found = line
	}
	return found
}

// TestFault_D3_ARefusedAuthorizationHasItsCause, for an error page and for a redirect.
func TestFault_D3_ARefusedAuthorizationHasItsCause(t *testing.T) {
	refused := &authzv1.Refusal{Cause: errorv1.Cause_CAUSE_SCOPE_UNKNOWN, ClientId: "vdo_client_sentinel"}
	for name, step := range map[string]*authzv1.Step{
		"page":     {Refusal: refused, Next: &authzv1.Step_ErrorPage{ErrorPage: &authzv1.ErrorPage{Message: "text"}}},
		"redirect": {Refusal: refused, Next: &authzv1.Step_Redirect{Redirect: &authzv1.Redirect{Location: "https://app.test/?error=x"}}},
	} {
		p := withRequestIDs(t)
		p.services["StartAuthorization"] = func(proto.Message) (proto.Message, error) {
			return &authzv1.StartAuthorizationResponse{Step: step}, nil
		}
		w := p.get("/oauth/authorize?client_id=app")
		line := refusalLine(p.logs.String())
		if !strings.Contains(line, "cause=scope_unknown") || !strings.Contains(line, "client_id=vdo_client_sentinel") ||
			!strings.Contains(line, "endpoint=/oauth/authorize") {
			t.Errorf("%s: the line is %q", name, line)
		}
		if got := normalized(w); strings.Contains(got, "scope_unknown") || strings.Contains(got, "sentinel") {
			t.Errorf("%s reveals the cause: %s", name, got)
		}
	}
}

// TestFault_D3_ThePageOfAnEarlierRefusalIsNoSecondOne: the page shows the identifier of the request that
// was refused, and is neither logged nor counted as another one.
func TestFault_D3_ThePageOfAnEarlierRefusalIsNoSecondOne(t *testing.T) {
	for _, loggedAs := range []string{"", "3f0c7a52-6f6e-4d2c-9d55-0a5d0a0c6d11"} {
		p := withRequestIDs(t)
		found := refusedFor("request", "https://app.test", "https://app.test/cb?error=invalid_scope")
		p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: proto.CloneOf(found.GetStep())}, nil)
		found.GetStep().GetRefusal().LoggedAs = loggedAs
		p.respond("LookUpAuthorization", found, nil)
		wantRedirect(t, "the refused request", p.get("/oauth/authorize?client_id=app"), "/signin?request=request")
		w := p.get("/signin?request=request")
		reference := cmp.Or(loggedAs, w.Header().Get("Usher-Request-Id"))
		wantPage(t, "the page", w, 400, "The app sent a wrong request", "Reference: <code>"+reference+"</code>")
		want := 1
		if loggedAs == "" { // authz of an earlier release, during an upgrade
			want = 2
		}
		if lines := strings.Count(p.logs.String(), `msg="request refused"`); lines != want {
			t.Errorf("logged as %q: %d lines, want %d", loggedAs, lines, want)
		}
	}
}

// TestFault_D3_ARefusalOfTheGatewayHasACauseToo: not only those of the services.
func TestFault_D3_ARefusalOfTheGatewayHasACauseToo(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	p := withRequestIDs(t, withUpstream(u))
	for _, row := range []struct {
		method, path, kind, body, bearer, want string
	}{
		{"GET", "/oauth/token", "", "", "", "method_not_allowed"},
		{"POST", "/oauth/token", "text/plain", "x", "", "media_type_unsupported"},
		{"POST", "/oauth/token?grant_type=refresh_token", "application/x-www-form-urlencoded", "", "", "parameter_missing"},
		{"POST", "/oauth/token", "application/json", "grant_type=refresh_token", "", "body_form_sent_as_json"},
		{"POST", "/oauth/token", "application/json", "[", "", "body_malformed"},
		{"POST", "/oauth/token", "application/json", `{"code":1}`, "", "parameter_malformed"},
		{"POST", "/oauth/token", "application/x-www-form-urlencoded", `{"grant_type":"refresh_token"}`, "", "body_json_sent_as_form"},
		{"POST", "/oauth/token", "application/x-www-form-urlencoded", "code=1&code=2", "", "parameter_repeated"},
		{"POST", "/oauth/token", "application/x-www-form-urlencoded", strings.Repeat("x", 64<<10+1), "", "body_too_large"},
		{"GET", "/nowhere", "", "", "", "not_found"},
		{"DELETE", "/consent", "", "", "", "method_not_allowed"},
		{"POST", "/api/v1/user/authenticate", "text/plain", "x", "", "media_type_unsupported"},
		{"POST", "/api/v1/user/authenticate", "application/json", "[]", "", "body_malformed"},
		{"GET", "/v1/videos", "", "", "", "access_token_missing"},
		{"GET", "/v1/videos", "", "", "two words", "access_token_malformed"},
		{"GET", "/v1/videos", "", "", "vdo_ort_x", "access_token_is_refresh_token"},
		{"GET", "/v1/videos", "", "", unknown, "access_token_malformed"},
		{"POST", "/v1/videos/1/export", "", "", twoScopes, "scope_insufficient"},
		{"POST", "/v1/videos/1/export", "", "", freePlan, "plan_restricted"},
		{"GET", "/v1/nowhere", "", "", allScopes, "not_found"},
		{"GET", "/v1/videos", "", "", brokenDep, "dependency_unavailable"},
		{"GET", "/v1/videos", "", "", allScopes, ""}, // the 404 of the API is not a refusal of the gateway
	} {
		p.logs.Reset()
		r := httptest.NewRequest(row.method, "https://login.test"+row.path, strings.NewReader(row.body))
		r.Header.Set("Content-Type", row.kind)
		if row.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+row.bearer)
		}
		w := p.send(r)
		line := refusalLine(p.logs.String())
		if row.want == "" && line != "" || !strings.Contains(line, row.want) {
			t.Errorf("%s %s as %s %.40s: %d, the line is %q, want %s", row.method, row.path, row.kind, row.body, w.Code, line, row.want)
		}
	}
}

func TestFault_D2_ABodyOfTheOtherTypeIsNamed(t *testing.T) {
	p := newBrowser(t)
	for _, row := range []struct{ kind, body, want string }{
		{"application/json", "grant_type=refresh_token&client_id=a", "the body is a form, and Content-Type says JSON"},
		{"application/x-www-form-urlencoded", ` {"grant_type":"refresh_token"}`, "the body is JSON, and Content-Type says a form"},
	} {
		w := p.postTo(entryPoint{path: "/oauth/token", kind: row.kind, body: row.body})
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), row.want) || !strings.Contains(w.Body.String(), "invalid_request") {
			t.Errorf("%s as %s: %d %s", row.body, row.kind, w.Code, w.Body)
		}
	}
}

func TestFault_D2_ARefreshTokenAtTheAPIIsNamed(t *testing.T) {
	p := newBrowser(t)
	w := p.api(http.MethodGet, "/v1/videos", "vdo_ort_x")
	if w.Code != http.StatusUnauthorized || w.Body.String() != documented("authentication_error", "This is a refresh token: send the access token") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFault_D3_ErrorURILeadsToThePublicError(t *testing.T) {
	config := gateway.DefaultConfig()
	config.ErrorDocsURL = "https://developers.test/errors"
	for _, cause := range []errorv1.Cause{errorv1.Cause_CAUSE_CODE_EXPIRED, errorv1.Cause_CAUSE_VERIFIER_WRONG} {
		p := newBrowserWith(t, config)
		p.respond("IssueToken", nil, oerr.Refuse(cause, "text"))
		form := p.postTo(entryPoints()[0]).Body.String()
		if !strings.Contains(form, `"error_uri":"https://developers.test/errors#invalid_grant"`) {
			t.Errorf("%s in a form's dialect: %s", cause, form)
		}
		if documented := p.postTo(entryPoints()[1]).Body.String(); strings.Contains(documented, "error_uri") {
			t.Errorf("%s in the documented dialect: %s", cause, documented)
		}
	}
	for _, bad := range []string{"developers.test", "https://d.test/#a", "https://d.test/\"", "ftp://d.test", "https://d.test/é"} {
		config.ErrorDocsURL = bad
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "error_docs_url") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestFault_D5_IntrospectionWithoutASecretNamesTheRequirement(t *testing.T) {
	p := newBrowser(t)
	p.respond("IntrospectClientToken", nil, oerr.Refuse(
		errorv1.Cause_CAUSE_INTROSPECTION_WITHOUT_SECRET, "Introspection needs a confidential client", oerr.WithField("client_secret")))
	for _, e := range entryPoints() {
		if e.rpc != "IntrospectClientToken" {
			continue
		}
		w := p.postTo(e)
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Introspection needs a confidential client") {
			t.Errorf("as %s: %d %s", e.kind, w.Code, w.Body)
		}
	}
}
