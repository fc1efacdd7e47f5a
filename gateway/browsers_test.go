package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/secret"
)

// program sends a request with headers as pairs, as a client that is not a browser does.
func (p browser) program(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://login.test"+target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return p.send(r)
}

func preflight(method string, header ...string) []string {
	return append(header, "Origin", "https://app.test", "Access-Control-Request-Method", method)
}

func TestFault_B1_PreflightsSucceedWhereverGETIsPublic(t *testing.T) {
	p := newBrowser(t)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/healthz", "/.well-known/nowhere", "/oauth/register", "/nowhere"} {
		w := p.program(http.MethodOptions, path, "", preflight(http.MethodGet, "Access-Control-Request-Headers", "mcp-protocol-version")...)
		if w.Code >= 300 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Headers") != "mcp-protocol-version" {
			t.Errorf("a preflight of %s gets %d %v", path, w.Code, w.Header())
		}
		if w := p.program(http.MethodGet, path, "", "Origin", "https://app.test"); w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("GET %s cannot be read by a page: %d %v", path, w.Code, w.Header())
		}
		if w := p.program(http.MethodPost, path, "", "Origin", "https://app.test"); w.Code != 404 && w.Code != 405 || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("POST %s cannot be read by a page: %d %v", path, w.Code, w.Header())
		}
	}
	w := p.program(http.MethodOptions, "/.well-known/oauth-authorization-server", "")
	if w.Code != http.StatusNoContent || w.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS that is not a preflight gets %d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/oauth/authorize", "/signin", "/account/connected-apps"} {
		if w := p.program(http.MethodOptions, path, "", preflight(http.MethodGet)...); w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("another site may read %s", path)
		}
	}
}

func TestFault_B2_APreflightMayAskForAnyHeader(t *testing.T) {
	p := newBrowser(t)
	start := "authorization,baggage,cache-control,content-type,dpop,mcp-protocol-version,sentry-trace,traceparent,x-correlation-id,x-requested-with"
	for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/api/v1/user/authenticate"} {
		h := p.program(http.MethodOptions, path, "", preflight(http.MethodPost, "Access-Control-Request-Headers", start)...).Header()
		if h.Get("Access-Control-Allow-Headers") != start || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("a preflight of %s gets %v", path, h)
		}
	}
}

func TestFault_B8_AResponseIsNoStoreUnlessItSetsCacheControl(t *testing.T) {
	p := newBrowser(t)
	for _, path := range []string{"/nowhere", "/healthz", "/", "/signin", "/assets/usher-00ff.css", "/assets/none.css", "/account/connected-apps"} {
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			if w := p.program(method, path, ""); w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s gets %d, Cache-Control %q", method, path, w.Code, w.Header().Get("Cache-Control"))
			}
		}
	}
	w := p.get("/.well-known/oauth-authorization-server")
	again := p.program(http.MethodGet, "/.well-known/oauth-authorization-server", "", "If-None-Match", w.Header().Get("ETag"))
	if w.Header().Get("Cache-Control") != "public, max-age=300" || again.Code != http.StatusNotModified {
		t.Errorf("the metadata comes with %v, and again with %d", w.Header(), again.Code)
	}
}

// recordQueries records the raw queries of the calls to authz.
func recordQueries(t *testing.T, p browser) (queries *[]string, request string) {
	t.Helper()
	request, queries = secret.NewCode().Reveal(), new([]string)
	p.services["StartAuthorization"] = func(req proto.Message) (proto.Message, error) {
		start, _ := req.(*authzv1.StartAuthorizationRequest)
		*queries = append(*queries, start.GetRawQuery())
		return &authzv1.StartAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}}}, nil
	}
	return queries, request
}

func TestFault_B9_AnAuthorizationRequestMayBePosted(t *testing.T) {
	p := newBrowser(t)
	queries, request := recordQueries(t, p)
	const form = "client_id=app&state=%7E+a&scope=videos%3Aread"
	crossSite := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site", "Origin", "https://app.test"}
	w := p.program(http.MethodPost, "/oauth/authorize", form, crossSite...)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/oauth/authorize?"+form || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Fatalf("a form without cookies gets %d %v", w.Code, w.Header())
	}
	if len(*queries) != 0 || len(p.cookies) != 0 {
		t.Errorf("authz was called with %q and the browser has %v before its cookies were seen", *queries, p.cookies)
	}
	if w := p.get(w.Header().Get("Location")); w.Header().Get("Location") != "/signin?request="+request {
		t.Errorf("the repeated request redirects to %q", w.Header().Get("Location"))
	}
	w = p.program(http.MethodPost, "/oauth/authorize", form, crossSite...)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/signin?request="+request {
		t.Errorf("a form with cookies gets %d %v", w.Code, w.Header())
	}
	p.program(http.MethodPost, "/oauth/authorize?client_id=app", form, crossSite...)
	if got := *queries; len(got) != 3 || got[0] != form || got[1] != form || got[2] != "client_id=app&"+form {
		t.Errorf("authz was called with %q", got)
	}
}

// TestFault_B9_OnlyAFormOfAnotherOriginIsRedirectedToGET: a browser keeps back cookies from no other.
func TestFault_B9_OnlyAFormOfAnotherOriginIsRedirectedToGET(t *testing.T) {
	for name, row := range map[string]struct {
		header   []string
		redirect bool
	}{
		"another site":                   {[]string{"Sec-Fetch-Site", "cross-site"}, true},
		"a neighbour":                    {[]string{"Sec-Fetch-Site", "same-site"}, true},
		"another origin, over http":      {[]string{"Origin", "http://app.test"}, true},
		"an origin that is hidden":       {[]string{"Origin", "null"}, true},
		"another port":                   {[]string{"Origin", "https://login.test:8443"}, true},
		"our own page":                   {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "https://login.test"}, false},
		"our own page, an old browser":   {[]string{"Origin", "https://login.test"}, false},
		"sent again by the user":         {[]string{"Sec-Fetch-Site", "none"}, false},
		"a program, which sends neither": {nil, false},
	} {
		p := newBrowser(t)
		p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_ErrorPage{
			ErrorPage: &authzv1.ErrorPage{Message: "The app asked to return to an address that it has not registered."},
		}}}, nil)
		const form = "client_id=app&redirect_uri=https%3A%2F%2Fevil.test"
		w := p.program(http.MethodPost, "/oauth/authorize", form, append(row.header, "Content-Type", "application/x-www-form-urlencoded")...)
		status, location := http.StatusBadRequest, ""
		if row.redirect {
			status, location = http.StatusSeeOther, "/oauth/authorize?"+form
		}
		if w.Code != status || w.Header().Get("Location") != location {
			t.Errorf("%s gets %d %q, want %d %q", name, w.Code, w.Header().Get("Location"), status, location)
		}
	}
}

func TestFault_B9_ALongOrOddFormIsReadAsItIs(t *testing.T) {
	p := newBrowser(t)
	queries, _ := recordQueries(t, p)
	form := []string{"Content-Type", "application/x-www-form-urlencoded; charset=ISO-8859-1", "Sec-Fetch-Site", "cross-site"}
	odd := "client_id=app&state=a b#c\r\n&x=é"
	w := p.program(http.MethodPost, "/oauth/authorize", odd, form...)
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || location.Query().Get("state") != "a b#c\r\n" || location.Query().Get("x") != "é" {
		t.Errorf("an odd form gets %d %q, %v", w.Code, w.Header().Get("Location"), err)
	}
	long := "client_id=app&state=" + strings.Repeat("s", 8<<10)
	if w := p.program(http.MethodPost, "/oauth/authorize", long, form...); w.Code != http.StatusSeeOther || len(*queries) != 1 || (*queries)[0] != long {
		t.Errorf("a form that is too long for an address gets %d, authz was called with %d times", w.Code, len(*queries))
	}
	for name, row := range map[string]struct {
		body   string
		kind   string
		status int
	}{
		"too long": {strings.Repeat("s", 65<<10), form[1], 413}, "JSON": {"{}", "application/json", 415}, "no UTF-8": {"client_id=\xff", form[1], 400},
	} {
		w := p.program(http.MethodPost, "/oauth/authorize", row.body, "Content-Type", row.kind)
		if w.Code != row.status || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%s gets %d %s", name, w.Code, w.Body)
		}
	}
}

// TestFault_A15_FormsWorkBehindEveryProxy: with and without fetch metadata, and with any Host.
func TestFault_A15_FormsWorkBehindEveryProxy(t *testing.T) {
	for _, public := range []string{"https://login.test", "https://login.test:8443", "http://login.test"} {
		for name, header := range map[string][]string{
			"fetch metadata":                  {"Sec-Fetch-Site", "same-origin", "Origin", public},
			"sent again by the person":        {"Sec-Fetch-Site", "none"},
			"no fetch metadata":               {"Origin", public},
			"neither it nor an origin":        {"Referer", public + "/signin"},
			"in capitals":                     {"Origin", strings.Replace(public, "login.test", "LOGIN.test", 1)},
			"none of them, as curl":           nil,
			"an origin with the default port": {"Origin", withPort(public)},
		} {
			for _, host := range []string{"login.test", "usher-gateway:8080", "10.0.0.7"} {
				p := newBrowser(t, func(d *gateway.Deps) { d.PublicURL = public })
				form := url.Values{"csrf_token": {csrf(t, p.get("/signin"))}, "email": {""}}
				w := p.submit("/signin", host, form, header)
				if w.Code != http.StatusSeeOther || !strings.Contains(p.get("/signin").Body.String(), "Enter your e-mail address") {
					t.Errorf("%s at %s for %s: %d %s", name, host, public, w.Code, w.Body)
				}
			}
		}
	}
}

func withPort(origin string) string {
	switch origin {
	case "https://login.test":
		return origin + ":443"
	case "http://login.test":
		return origin + ":80"
	}
	return origin
}

// submit posts a form as it arrives behind a proxy.
func (p browser) submit(target, host string, form url.Values, header []string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Host = host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return p.send(r)
}

func TestFault_A15_AFormOfAnotherSiteIsRefusedByAPageWithALink(t *testing.T) {
	for name, header := range map[string][]string{
		"another site": {"Sec-Fetch-Site", "cross-site"}, "a neighbour": {"Sec-Fetch-Site", "same-site"},
		"another origin": {"Origin", "https://evil.test"}, "no origin": {"Origin", "null"}, "another scheme": {"Origin", "http://login.test"},
		"the host that a proxy sends": {"Origin", "http://usher-gateway:8080"}, "another page": {"Referer", "https://evil.test/https://login.test/"},
		"a longer name": {"Origin", "https://login.test.evil.test"}, "a user": {"Origin", "https://login.test@evil.test"},
	} {
		for target, again := range map[string]string{"/signin": "https://login.test/signin", "/signout": "https://login.test/account/connected-apps"} {
			p := newBrowser(t)
			w := p.submit(target, "usher-gateway:8080", url.Values{"csrf_token": {csrf(t, p.get("/signin"))}}, header)
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "https://login.test") || !strings.Contains(w.Body.String(), `href="`+again+`"`) {
				t.Errorf("%s at %s: %d %s", name, target, w.Code, w.Body)
			}
		}
	}
}
