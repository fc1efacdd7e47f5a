package flow_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// query and native build a row's request; also appends raw text to it.
func query(change ...string) string  { return authztest.Query(change...) }
func native(change ...string) string { return authztest.NativeQuery(change...) }

func also(query string, raw ...string) string { return query + "&" + strings.Join(raw, "&") }

// page is the expectation of an error page.
const page = ""

// row is a request and the error code that the client receives, or page.
type row struct{ name, query, want string }

// wantRefusals runs each row signed out and signed in: the session does not change how an invalid
// request is refused.
func wantRefusals(t *testing.T, rows []row) {
	t.Helper()
	b := over(allClients())
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			for _, browser := range []flow.Browser{b.signedOut(), b.signedIn(), {}} {
				step := b.start(t, r.query, browser)
				if r.want == page {
					wantPage(t, step)
					continue
				}
				wantRefusal(t, step, r)
			}
		})
	}
	if b.sessions.calls != 0 {
		t.Errorf("identity was called %d times for a request that is refused anyway", b.sessions.calls)
	}
	if kept := b.entries.Keys(); len(kept) != 0 {
		t.Errorf("%d refused requests are stored", len(kept))
	}
}

func wantPage(t *testing.T, step flow.Step) {
	t.Helper()
	if step.Kind != flow.ErrorPage || !step.Location.IsZero() || step.RequestID != "" || step.Message == "" {
		t.Errorf("%+v to %q, want an error page that goes nowhere", step, step.Location.Reveal())
	}
	if step.Refusal.Cause == "" {
		t.Error("the page has no cause")
	}
	if strings.Contains(step.Message, "evil") {
		t.Errorf("the page repeats the request: %s", step.Message)
	}
}

func wantRefusal(t *testing.T, step flow.Step, r row) {
	t.Helper()
	if step.Kind != flow.Redirect || step.RequestID != "" {
		t.Fatalf("%+v, want a redirect", step)
	}
	if step.Refusal.Cause == "" || step.Refusal.ClientID == "" {
		t.Errorf("the refusal %+v lacks a cause or a client", step.Refusal)
	}
	sent, err := url.ParseQuery(r.query)
	if err != nil {
		t.Fatal(err)
	}
	got := parseResponse(t, step.Location, sent.Get("redirect_uri"))
	if got.Get("error") != r.want || got.Get("iss") != issuer || got.Has("code") {
		t.Errorf("got the response %v, want %s", got, r.want)
	}
	if got.Get("state") != sent.Get("state") || got.Has("state") != (sent.Get("state") != "") || len(got["state"]) > 1 {
		t.Errorf("state %q, want %q", got["state"], sent.Get("state"))
	}
	text := got.Get("error_description")
	if text == "" || strings.Contains(text, "evil") || strings.ContainsFunc(text, func(c rune) bool {
		return c < 0x20 || c > 0x7e || c == '"' || c == '\\' // RFC 6749 §4.1.2.1
	}) {
		t.Errorf("description %q", text)
	}
}

func TestWireContract5_1_AQueryThatCannotBeReadWholeIsAPage(t *testing.T) {
	wantRefusals(t, []row{
		{"no query", "", page},
		{"only separators", "&&&", page},
		{"a semicolon", also(query(), "x=1;y=2"), page},
		{"a malformed escape in a value", also(query(), "x=%zz"), page},
		{"a malformed escape in a name", also(query(), "%=1"), page},
		{"an escape that ends early", also(query(), "x=%4"), page},
		{"not UTF-8", also(query(), "x=%ff"), page},
		{"not UTF-8 in the raw", also(query(), "x=\xff"), page},
		{"too many parameters", query() + strings.Repeat("&x", 101), page},
		{"too long", also(query(), "x="+strings.Repeat("x", 16<<10)), page},
	})
}

// TestWireContract5_1_AQueryThatCannotBeReadSaysWhy, and the limit: the author of a client sees nothing else.
func TestWireContract5_1_AQueryThatCannotBeReadSaysWhy(t *testing.T) {
	b := over(allClients())
	for added, want := range map[string]string{
		"x=SENT;y=2":                       "a semicolon in it is not percent-encoded.",
		"x=SENT%zz":                        "a percent sign in it is not followed by two hexadecimal digits.",
		"x=SENT%ff":                        "it has text that is not UTF-8.",
		strings.Repeat("SENT&", 101):       "it has more than 100 parameters.",
		"x=" + strings.Repeat("x", 16<<10): "it is longer than 16 KiB.",
	} {
		step := b.start(t, also(query(), added), b.signedOut())
		if step.Kind != flow.ErrorPage || step.Message != "The app's request cannot be read: "+want || len(step.Names) > 0 {
			t.Errorf("%.20s: %q, want %q", added, step.Message, want)
		}
	}
}

func TestWireContract5_1_CheckClient(t *testing.T) {
	wantRefusals(t, []row{
		{"missing", query("client_id", ""), page},
		{"empty", also(query("client_id", ""), "client_id="), page},
		{"repeated", also(query(), "client_id="+authztest.Web), page},
		{"repeated, the second empty", also(query(), "client_id="), page},
		{"repeated, the first empty", also("client_id=", query()), page},
		{"repeated by an escaped name", also(query(), "client%5Fid=x"), page},
		{"unknown", query("client_id", "vdo_client_nobody"), page},
		{"disabled", query("client_id", authztest.Off), page},
		{"a URL", query("client_id", "https://evil.test/client"), page},
		{"in capitals", query("client_id", strings.ToUpper(authztest.Web)), page},
		{"NUL", query("client_id", authztest.Web+"\x00"), page},
		{"a megabyte would be too long, 65 are", query("client_id", "vdo_client_"+strings.Repeat("a", 54)), page},
		{"under another name", also(query("client_id", ""), "CLIENT_ID="+authztest.Web), page},
	})
}

func TestWireContract5_1_CheckRedirectURI(t *testing.T) {
	rows := []row{
		{"missing", query("redirect_uri", ""), page},
		{"empty", also(query("redirect_uri", ""), "redirect_uri="), page},
		{"repeated", also(query(), "redirect_uri="+url.QueryEscape(authztest.Callback)), page},
		{"repeated, the second elsewhere", also(query(), "redirect_uri=https://evil.test"), page},
		{"repeated, the first empty", also("redirect_uri=", query()), page},
		{"another client's", query("redirect_uri", authztest.Loopback), page},
		{"loopback of another name", native("redirect_uri", "http://localhost/callback"), page},
		{"loopback with TLS", native("redirect_uri", "https://127.0.0.1/callback"), page},
		{"loopback with a path of its own", native("redirect_uri", "http://127.0.0.1:8080/evil"), page},
		{"a free port elsewhere", native("redirect_uri", "https://native.test:8443/cb"), page},
		{"loopback of another address", native("redirect_uri", "http://127.0.0.2/callback"), page},
	}
	for _, uri := range []string{
		"https://evil.test/cb", authztest.Callback + "/", authztest.Callback + "?", authztest.Callback + "#", authztest.Callback + "?x=1",
		"https://app.test/CALLBACK", "https://APP.test/callback", "http://app.test/callback", "https://app.test:443/callback",
		"https://app.test@evil.test/callback", "https://app.test.evil.test/callback", "//app.test/callback", " " + authztest.Callback,
		authztest.Callback + "\x00", authztest.Callback + "\r\nLocation: https://evil.test", "https://app.test/callback?tenant=a+b",
		"javascript:alert(1)//app.test/callback",
	} {
		rows = append(rows, row{"spelled " + uri, query("redirect_uri", uri), page})
	}
	wantRefusals(t, rows)
}

func TestCheckState(t *testing.T) {
	long := strings.Repeat("é", 1024)
	wantRefusals(t, []row{
		{"too long to be returned", query("state", long+"x"), page},
		{"too long, and repeated", also(query("state", long+"x"), "state=x"), page},
		{"as long as it may be", query("state", long, "scope", ""), "invalid_scope"},
		{"none", query("state", "", "scope", ""), "invalid_scope"},
		{"every byte", query("state", "\x00\x01\r\n\t \"\\%&=+#;?/<>'é\u2028😀", "scope", ""), "invalid_scope"},
	})
}

func TestRFC6749_3_1_CheckRepeated(t *testing.T) {
	var rows []row
	for _, name := range []string{
		"response_type", "scope", "state", "code_challenge", "code_challenge_method", "response_mode", "request", "request_uri", "prompt",
		"max_age", "login_hint",
	} {
		value := map[string]string{"prompt": "none", "response_mode": "query"}[name]
		rows = append(
			rows,
			row{name, also(native(), name+"=x", name+"="+value), "invalid_request"},
			row{name + ", the same twice", also(native(name, "x"), name+"=x"), "invalid_request"},
			row{name + ", empty twice", also(native(name, ""), name+"=", name), "invalid_request"},
			row{name + ", by an escaped name", also(native(name, "x"), fmt.Sprintf("%%%02x%s=y", name[0], name[1:])), "invalid_request"},
		)
	}
	wantRefusals(t, rows)
	b := over(allClients())
	if step := b.start(t, also(query(), "x=1", "x=2", "nonce=a", "nonce=b", "id_token_hint=x", "Scope=", "Scope="), b.signedIn()); step.Kind != flow.Consent {
		t.Errorf("%+v, though no check reads the repeated parameters", step)
	}
}
