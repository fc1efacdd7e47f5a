package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/page"
)

const evil = `<script>alert("x")</script>`

// get returns a request without a preference for a language.
func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }

func TestEveryPageRendersAndEscapes(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	permissions := []page.PermissionGroup{{Name: "Videos", Permissions: []page.Permission{
		{Name: "videos:read", Description: "See your videos", Reads: true}, {Name: evil, Description: evil, Changes: true, Sensitive: true},
	}}}
	for name, row := range map[string]struct {
		data any
		want []string
	}{
		"signin": {page.SignIn{
			CSRF: "csrf-value", Request: "req", App: evil, Origin: evil, Email: evil, Person: evil, PersonEmail: evil,
			Fault: page.Fault{Text: evil, Field: "password", Reference: evil},
		}, []string{
			`aria-invalid="true" aria-describedby="fault"`, `<a href="#password">`, `value="continue"`, `form="cancel" name="decision" value="deny"`,
			`value="csrf-value"`, `name="email"`, `name="password"`, `value="req"`,
		}},
		"problem": {page.Notice{
			Heading: evil, App: evil, Text: evil, Workspace: evil, At: at, Known: evil, Reference: evil,
			Repeat: &page.Repeat{Action: "/consent/decision", CSRF: "csrf-value", Fields: url.Values{"request": {"req"}, "workspace_id": {evil}, evil: {evil}}, Decision: "approve", Text: evil},
		}, []string{"1 March 2026, 09:05", `name="decision" value="approve"`, `action="/consent/decision"`, `name="request" value="req"`}},
		"consent": {page.Consent{
			CSRF: "csrf-value", Request: "req", App: evil, Origin: evil, User: page.User{Name: evil, Email: evil},
			Fault: page.Fault{Text: evil, Field: "workspaces"}, Permissions: permissions,
			Workspaces: []page.Workspace{{ID: "ws_1", Name: evil, Plan: evil, Role: evil}, {ID: "ws_2", Name: "Acme", Plan: "pro", Role: "member", Chosen: true}},
		}, []string{
			"See your videos", `<p class="kind">Videos</p>`, "Can change", "<code>videos:read</code>", `value="ws_2" required checked`,
			`name="decision" value="approve"`, `name="decision" value="deny"`, `value="switch"`, "Pro plan · you are a member · <code>ws_2</code>",
		}},
		"device": {page.DeviceCode{
			CSRF: "csrf-value", User: page.User{Name: evil, Email: evil}, Code: evil, Fault: page.Fault{Text: evil, Field: "user_code"},
		}, []string{`id="user_code"`, `aria-invalid="true" aria-describedby="fault"`, `value="switch"`, `value="csrf-value"`}},
		"logout": {page.Logout{
			CSRF: "csrf-value", App: evil, User: page.User{Name: evil, Email: evil}, Fault: page.Fault{Text: evil},
			Params: url.Values{"state": {evil}},
		}, []string{`name="state"`, `value="stay"`, `name="decision" value="logout"`, `value="csrf-value"`}},
		"apps": {page.Apps{CSRF: "csrf-value", User: page.User{Name: evil, Email: evil}, Done: page.Done("The app is disconnected. It has no access any more."), Searchable: true, Find: evil, Apps: []page.App{{
			ClientID: evil, Name: evil, Approved: at, Now: at, Workspaces: []page.AppWorkspace{{Name: evil, Permissions: permissions}},
		}}}, []string{"1 March 2026, 09:05", "Not used yet", "is disconnected", "Can view and change", "See your videos", "<code>videos:read</code>"}},
		"profile": {page.Profile{
			CSRF: "csrf-value", Email: evil, FirstName: evil, LastName: evil, DisplayName: evil, Language: "de-AT", TimeZone: evil, Fault: page.Fault{Text: evil, Field: "last_name"},
		}, []string{`id="last_name" name="last_name" maxlength="100" required autocomplete="family-name"`, `aria-invalid="true" aria-describedby="fault"`, `value="de" lang="de" selected`}},
		"security": {page.Security{CSRF: "csrf-value", Email: evil, Stay: true, Done: page.Done("Your password is changed.")}, []string{
			`autocomplete="current-password"`, `autocomplete="new-password"`, `name="sign_out_elsewhere" value="yes">`, "Your password is changed.",
		}},
		"activity": {page.Activity{Earlier: "/account/activity?after=x&before=1", Later: true, Entries: []page.ActivityEntry{
			{Text: "You allowed %s to use %s", Names: []string{evil, evil}, At: at},
			{Text: "%d failed sign-ins within an hour", Count: 2, At: at, Kind: "warn"},
			page.NewActivityEntry(page.ActivityEntry{Text: "You signed in", At: at.In(time.FixedZone("+0330", 12600)), Network: "203.0.113.*"}, evil),
		}}, []string{"2 failed sign-ins within an hour", "12:35 UTC&#43;0330", "203.0.113.*", `href="/account/activity?after=x&amp;before=1"`}},
		"home": {page.Home{
			AuthorizeURL: "/oauth/authorize?a=b", Curl: evil,
			Stops: []page.DocsGroup{{Name: evil, Pages: []page.DocsEntry{{Link: page.Link{Address: "/docs", Text: evil}, Summary: evil}}}},
		}, []string{"/oauth/authorize?a=b", `<a class="standing" href="/docs">`}},
		"docsindex": {
			[]page.DocsGroup{{Name: evil, Pages: []page.DocsEntry{{Link: page.Link{Address: "/docs/x", Text: evil}, Summary: evil}}}},
			[]string{`<a class="standing" href="/docs/x">`},
		},
		"docspage": {
			page.DocsPage{Title: evil, HTML: "<p>text</p>", Sections: []page.Link{{Address: "#x", Text: evil}}, Next: &page.Link{Address: "/docs/y", Text: evil}},
			[]string{"<p>text</p>", `href="#x"`, `rel="next"`},
		},
		"components": {page.ExampleComponents(), []string{`dir="rtl"`, "Acme Studio"}},
		"demo":       {page.Demo{AuthorizeURL: "/oauth/authorize", Code: evil, State: evil, Curl: evil}, []string{"The app received a code"}},
	} {
		w := httptest.NewRecorder()
		page.New().Render(w, get(), page.View{Template: name, Title: evil, Data: row.data})
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(body), "</html>") {
			t.Errorf("%s: %d, and not whole", name, w.Code)
		}
		if strings.Contains(body, "<script") {
			t.Errorf("%s does not escape", name)
		}
		for _, want := range row.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %s:\n%s", name, want, body)
			}
		}
	}
}

// TestPagesInALanguageFromRightToLeft exist on a development server only.
func TestPagesInALanguageFromRightToLeft(t *testing.T) {
	for name, row := range map[string]struct {
		pages *page.Pages
		want  string
	}{"production": {page.New(), `<html lang="en">`}, "development": {page.NewDevelopment(), `<html lang="ar-XB" dir="rtl">`}} {
		r := get()
		r.Header.Set("Accept-Language", "ar-XB")
		w := httptest.NewRecorder()
		row.pages.Render(w, r, page.View{Template: "security", Title: "Sign-in and security", Data: page.Security{}})
		if !strings.Contains(w.Body.String(), row.want) {
			t.Errorf("%s has no %s:\n%s", name, row.want, w.Body)
		}
	}
}

// TestAPageIsInTheLanguageThatItsUserChose, before what the browser asks for.
func TestAPageIsInTheLanguageThatItsUserChose(t *testing.T) {
	for chosen, want := range map[string]string{"de-CH": "de", "": "en", "fr": "en"} {
		w := httptest.NewRecorder()
		page.New().Render(w, get(), page.View{Template: "security", Title: "Sign-in and security", Preferred: chosen, Data: page.Security{}})
		if got := w.Header().Get("Content-Language"); got != want {
			t.Errorf("%q: the page is in %s, want %s", chosen, got, want)
		}
	}
}

// TestTheEnterKeyDecidesNothing: a browser presses the first button of a form (HTML §4.10.21.2), which
// sends no decision.
func TestTheEnterKeyDecidesNothing(t *testing.T) {
	text := render(page.View{Template: "consent", Data: page.Consent{Workspaces: []page.Workspace{{ID: "ws_1"}}}})
	form := text[strings.LastIndex(text, "<form"):]
	if !strings.HasPrefix(form[strings.Index(form, "<button"):], "<button hidden></button>") {
		t.Errorf("the first button of the form decides: %s", form)
	}
}

func TestWithoutAWorkspaceNothingCanBeAllowed(t *testing.T) {
	render := func(ws ...page.Workspace) string {
		w := httptest.NewRecorder()
		page.New().Render(w, get(), page.View{Template: "consent", Data: page.Consent{Workspaces: ws}})
		return w.Body.String()
	}
	if strings.Contains(render(), `value="approve"`) || !strings.Contains(render(page.Workspace{ID: "ws_1"}), `value="approve"`) {
		t.Error("access can be allowed without a workspace, or not with one")
	}
}

func TestAPageCannotBeFramedStoredOrScripted(t *testing.T) {
	w := httptest.NewRecorder()
	page.New().Problem(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusForbidden, "No.")
	h := w.Header()
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "No.") {
		t.Errorf("the page is %d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, h.Get(name), want)
		}
	}
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy %q has no %s", csp, want)
		}
	}
	if strings.Contains(csp, "form-action") || strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe") {
		t.Errorf("the policy is %q", csp)
	}
}

func TestFault_B8_AStylesheetIsImmutableOnlyUnderTheAddressOfItsContent(t *testing.T) {
	p := page.New()
	h := p.Assets(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	send := func(method, target string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, nil)
		if len(header) > 0 {
			r.Header.Set(header[0], header[1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	own := send(http.MethodGet, p.StylesheetPath())
	if own.Code != http.StatusOK || own.Header().Get("Content-Type") != "text/css; charset=utf-8" ||
		!strings.Contains(own.Header().Get("Cache-Control"), "immutable") || own.Body.Len() == 0 {
		t.Errorf("the stylesheet gets %d %v", own.Code, own.Header())
	}
	if w := send(http.MethodGet, p.StylesheetPath(), "If-None-Match", own.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("a cached stylesheet gets %d", w.Code)
	}
	if w := send(http.MethodHead, p.StylesheetPath()); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("HEAD gets %d with %d bytes", w.Code, w.Body.Len())
	}
	for _, others := range []string{"/assets/usher-0123456789ab.css", "/assets/usher.css", "/assets/usher.css?v=0123456789ab"} {
		w := send(http.MethodGet, others)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Body.String() != own.Body.String() {
			t.Errorf("%s of another release gets %d %v", others, w.Code, w.Header())
		}
	}
	for _, unknown := range []string{"/assets/", "/assets/usher-.css", "/assets/usher-x.css", "/assets/usher-00.js", "/assets/x/usher.css", "/assets/ush%65r.css"} {
		if w := send(http.MethodGet, unknown); w.Code != http.StatusNotFound {
			t.Errorf("%s gets %d", unknown, w.Code)
		}
	}
	w := httptest.NewRecorder()
	p.Problem(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusNotFound, "x")
	if !strings.Contains(w.Body.String(), `"`+p.StylesheetPath()+`"`) {
		t.Error("a page names another stylesheet")
	}
}

func TestAPageThatFailsToRenderWritesNothing(t *testing.T) {
	w := httptest.NewRecorder()
	defer func() {
		if recover() == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("half a page was sent: %q", w.Body)
		}
	}()
	page.New().Render(w, get(), page.View{Template: "consent", Data: "data of another template"})
}

func TestANameCannotHideOrReverseText(t *testing.T) {
	for given, want := range map[string]string{
		"Example App": "Example App", "  a \t\n b  ": "a b", "": "(no name)", "\u200b\u200d": "(no name)", " \u00a0 ": "(no name)",
		"abc\u202egpj.exe": "abcgpj.exe", "a\u2066b\u2069": "ab", "a\u061cb\u200eb": "abb", // bidirectional controls
		"pay\u200bpal": "paypal", "pay\u2060pal": "paypal", "\ufeffx": "x", "soft\u00adhyphen": "softhyphen", // invisible characters
		"a\x00b\x1b[31mc": "ab[31mc", "a\u0085b": "a b", "a\u2028b\u2029c": "a b c", // control and line characters
		"\ue000x": "x", "a\xffb": "ab", "a\ufffdb": "ab", // private use, not UTF-8
		"Žluťoučký 日本語 👍":        "Žluťoučký 日本語 👍",
		strings.Repeat("é", 256): strings.Repeat("é", 256),
		strings.Repeat("é", 257): strings.Repeat("é", 256) + "…",
	} {
		if got := page.Name(given); got != want {
			t.Errorf("Name(%q) is %q, want %q", given, got, want)
		}
	}
}

func TestTryAgainNamesTheTimeInItsZoneAndTheWait(t *testing.T) {
	now := time.Date(2026, 3, 1, 20, 30, 20, 0, time.FixedZone("CET", 3600))
	for wait, want := range map[time.Duration]string{
		-time.Second: "Try again now.", 0: "Try again now.", time.Second: "Try again at 20:31 CET (in 1 second).",
		40 * time.Second: "Try again at 20:31 CET (in 40 seconds).", 41 * time.Second: "Try again at 20:32 CET (in 41 seconds).",
		119 * time.Second: "Try again at 20:33 CET (in 119 seconds).", 220 * time.Second: "Try again at 20:34 CET (in 4 minutes).",
		time.Hour: "Try again at 21:31 CET (in 60 minutes).",
	} {
		fault := page.Fault{Text: "There were too many attempts.", Wait: &page.Wait{Now: now, At: now.Add(wait)}}
		if text := render(page.View{Template: "signin", Data: page.SignIn{Fault: fault}}); !strings.Contains(text, "<p>There were too many attempts. "+want+"</p>") {
			t.Errorf("in %s: not %q: %s", wait, want, text)
		}
	}
}

func TestTheFaviconIsAnICOFile(t *testing.T) {
	w := httptest.NewRecorder()
	page.New().Icon(w, nil)
	if w.Header().Get("Content-Type") != "image/x-icon" || !strings.HasPrefix(w.Body.String(), "\x00\x00\x01\x00") {
		t.Errorf("the icon is %v", w.Header())
	}
}
