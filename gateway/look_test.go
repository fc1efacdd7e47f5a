package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

func TestTheConsentPageGroupsAndMarksPermissions(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	p.respond("GetPrompt", &consentv1.GetPromptResponse{ClientName: "Example App", Scopes: []*consentv1.PromptScope{
		{Name: "videos:read", Description: "View videos in the workspace"},
		{Name: "tools:write", Description: "Execute tools"},
		{Name: "export:write", Description: "Export videos"},
		{Name: "other:read", Description: "A scope that this replica's catalog does not have"},
	}}, nil)
	w := p.get("/consent?request=" + request)
	body := w.Body.String()
	wantPage(t, "the consent page", w, 200,
		`<p class="kind">Videos</p>`, `View videos in the workspace</span><span class="badge">Can view</span>`, `Export videos</span><span class="badge warn">Can change</span>`,
		`Execute tools <span class="why">Allow this only if you know why the app needs it.</span></span><span class="badge warn">Can change</span>`,
		"A scope that this replica&#39;s catalog does not have</span></li>", "<code>other:read</code>")
	if strings.Count(body, `class="kind"`) != 2 || strings.Index(body, "Export videos") > strings.Index(body, ">Tools<") {
		t.Errorf("the groups are not the catalog's, in the order of the request: %s", body)
	}
}

func TestTheConsentPageNamesTheDestination(t *testing.T) {
	for origin, row := range map[string]struct{ text, warning string }{
		"https://app.test":       {"takes you to <strong><bdi>app.test</bdi></strong>.", ""},
		"https://app.test:8443":  {"takes you to <strong><bdi>app.test:8443</bdi></strong>.", ""},
		"http://127.0.0.1:41000": {"a program on this computer (<strong><bdi>127.0.0.1:41000</bdi></strong>)", "a program on this computer, and any program here can receive it"},
		"http://[::1]:41000":     {"a program on this computer (<strong><bdi>[::1]:41000</bdi></strong>)", "a program on this computer, and any program here can receive it"},
		"com.example.app:":       {"an app on this device (<strong><bdi>com.example.app:</bdi></strong>)", "an app on this device. Go on only if you have just used it"},
	} {
		p := signedIn(t)
		p.respond("GetPrompt", &consentv1.GetPromptResponse{ClientName: "Example App", RedirectOrigin: origin}, nil)
		w := p.get("/consent?request=" + secret.NewCode().Reveal())
		wantPage(t, origin, w, 200, row.text, row.warning)
		if (row.warning != "") != strings.Contains(w.Body.String(), "Go on only if") {
			t.Errorf("%s: the page warns, or does not: %s", origin, w.Body)
		}
	}
}

// TestADenialOfAnAppThatNobodyCheckedStaysHere, which the page says (ADR 0012).
func TestADenialOfAnAppThatNobodyCheckedStaysHere(t *testing.T) {
	const stays = "If you deny, you stay here."
	for origin, allow := range map[string]string{
		"https://app.test":       "Allow takes you to <strong><bdi>app.test</bdi></strong>. " + stays,
		"http://127.0.0.1:41000": "Allow takes you to a program on this computer (<strong><bdi>127.0.0.1:41000</bdi></strong>). " + stays,
		"com.example.app:":       "Allow takes you to an app on this device (<strong><bdi>com.example.app:</bdi></strong>). " + stays,
	} {
		to := func(prompt *consentv1.GetPromptResponse) { prompt.RedirectOrigin = origin }
		p := signedIn(t)
		unchecked := consentPage(t, p, to, func(prompt *consentv1.GetPromptResponse) { prompt.Identity.Verified = false })
		wantIn(t, origin, unchecked, allow)
		wantNotIn(t, origin, unchecked, "Either answer")
		described := consentPage(t, p, to, func(prompt *consentv1.GetPromptResponse) {
			prompt.Identity, prompt.Page.ClientId = nil, "https://client.test/app"
		})
		wantIn(t, origin+", described by the app", described, allow)
		checked := consentPage(t, p, to)
		wantIn(t, origin+", checked", checked, "Either answer takes you to")
		wantNotIn(t, origin+", checked", checked, stays)
	}
}

// TestThePagesSayHowLongAccessLasts, in numbers where the services have them, which release 0.1 has not.
func TestThePagesSayHowLongAccessLasts(t *testing.T) {
	const day = 24 * 60 * 60
	p := signedIn(t)
	lasting := func(refresh, family int64, language string) string {
		return consentPage(t, p, func(r *consentv1.GetPromptResponse) {
			r.RefreshTokenLifetimeSeconds, r.FamilyLifetimeSeconds, r.Language = refresh, family, language
		})
	}
	wantIn(t, "days", lasting(30*day, 365*day, "en"), `Connected apps</a>, or until the app has not used it for 30 days. After 365 days it ends in any case.`)
	wantIn(t, "a day, and hours", lasting(5*3600, day, "en"), "has not used it for 5 hours. After 1 day it ends")
	wantIn(t, "minutes, and an hour and a second", lasting(600, 3601, "en"), "has not used it for 10 minutes. After 61 minutes it ends")
	wantIn(t, "in German", lasting(30*day, 365*day, "de"), "oder die App ihn seit 30 Tagen nicht genutzt hat. Nach 365 Tagen endet er in jedem Fall.")
	old := lasting(0, 0, "en")
	wantIn(t, "release 0.1", old, "It also ends by itself: when the app has not used it for long, and after a fixed time in any case.")
	wantNotIn(t, "release 0.1", old, "0 days", "0 seconds")

	app := &consentv1.ConnectedApp{
		ClientId: "app", ClientName: "App", ApproveTime: timestamppb.New(time.Date(2100, 3, 3, 12, 0, 0, 0, time.UTC)),
		RefreshTokenLifetimeSeconds: 30 * day, FamilyLifetimeSeconds: 365 * day,
	}
	p.respond("ListConnectedApps", &consentv1.ListConnectedAppsResponse{Apps: []*consentv1.ConnectedApp{app}}, nil)
	const path = "/account/connected-apps"
	wantPage(t, "a connected app", p.get(path), 200, "<dt>Ends by itself</dt><dd>After 30 days without use, and on 3 March 2101 at the latest</dd>")
	app.ApproveTime = timestamppb.New(time.Date(2020, 3, 3, 12, 0, 0, 0, time.UTC))
	wantPage(t, "after the latest end", p.get(path), 200, "<dt>Ends by itself</dt><dd>After 30 days without use</dd>")
	app.RefreshTokenLifetimeSeconds, app.FamilyLifetimeSeconds = 0, 0
	wantNotIn(t, "release 0.1", p.get(path).Body.String(), "Ends by itself")
}

func TestTheAccountPageSearchesFromEightAppsOn(t *testing.T) {
	p := signedIn(t)
	var apps []*consentv1.ConnectedApp
	add := func(name string) {
		apps = append(apps, &consentv1.ConnectedApp{ClientId: fmt.Sprint("app-", len(apps)), ClientName: name, ApproveTime: timestamppb.Now()})
		p.respond("ListConnectedApps", &consentv1.ListConnectedAppsResponse{Apps: apps}, nil)
	}
	home := "/account/connected-apps"
	for range 7 {
		add("Captions")
	}
	if body := p.get(home + "?find=other").Body.String(); strings.Contains(body, `name="find"`) || strings.Count(body, "<details open>") != 1 || strings.Count(body, "<details>") != 6 {
		t.Errorf("seven apps: %s", body)
	}
	add("Straße <b>")
	wantPage(t, "eight apps", p.get(home), 200, `name="find"`, "Straße &lt;b&gt;")
	found := p.get(home + "?find=+STRA%C3%9FE+%3C")
	wantPage(t, "a search", found, 200, `value="STRAßE &lt;"`, "Straße &lt;b&gt;")
	if strings.Contains(found.Body.String(), "Captions") {
		t.Errorf("the search finds another app: %s", found.Body)
	}
	wantPage(t, "a search without a result", p.get(home+"?find=%22%3E%3Cscript%3E"), 200, "No connected app has such a name", `value="&#34;&gt;&lt;script&gt;"`, "Show all apps")
}

func TestTheAccountPageSaysWhatAnAppMayDoAndWhenItWasUsed(t *testing.T) {
	ago := func(days int) *timestamppb.Timestamp { return timestamppb.New(time.Now().AddDate(0, 0, -days)) }
	for name, row := range map[string]struct {
		scopes    []string
		used      *timestamppb.Timestamp
		has, lack string
	}{
		"reads":         {[]string{"videos:read", "jobs:read"}, ago(0), "Can view · <bdi>Acme</bdi>|Used today|View job status|<code>jobs:read</code>", "Not used"},
		"changes":       {[]string{"videos:read", "export:write"}, ago(1), "Can view and change · <bdi>Acme</bdi>|Used yesterday|Export videos", "Not used"},
		"not known":     {[]string{"other:read"}, ago(89), "other:read|Used 89 days ago", "Can view"},
		"used long ago": {nil, ago(125), "Not used for 4 months|Used 125 days ago", "Used today"},
		"never used":    {nil, nil, "Not used for 6 months|Not used yet.", "Used "},
	} {
		p := signedIn(t)
		p.respond("ListConnectedApps", &consentv1.ListConnectedAppsResponse{Apps: []*consentv1.ConnectedApp{{
			ClientId: "app", ClientName: "App", ApproveTime: ago(200), LastUseTime: row.used,
			Workspaces: []*consentv1.ConnectedWorkspace{{WorkspaceId: "ws_1", Name: "Acme", Scopes: row.scopes}},
		}}}, nil)
		w := p.get("/account/connected-apps")
		wantPage(t, name, w, 200, strings.Split(row.has, "|")...)
		if strings.Contains(w.Body.String(), row.lack) {
			t.Errorf("%s: the page has %q: %s", name, row.lack, w.Body)
		}
	}
}

func TestTheComponentsAreShownInDevelopmentOnly(t *testing.T) {
	if w := newBrowser(t).get("/dev/components"); w.Code != 404 {
		t.Errorf("in production: %d", w.Code)
	}
	dev := newBrowser(t, func(d *gateway.Deps) { d.Development, d.PublicURL = true, "http://localhost:8080" })
	wantPage(t, "in development", dev.get("/dev/components"), 200, "Components", `dir="rtl"`)
}

func TestPagesAreInTheLanguageOfTheBrowserOrOfTheClient(t *testing.T) {
	p, request := redirectedByClient(t)
	step := &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}}
	p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: step}, nil)
	get := func(accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "https://login.test/signin?request="+request, nil)
		r.Header.Set("Accept-Language", accept)
		return p.send(r)
	}
	english, german := "<title>Sign in to continue to Example App – ", "<title>Anmelden, um zu Example App weiterzugehen – "
	for i, row := range []struct{ authorize, accept, want string }{
		{"", "", english},
		{"", "de-AT,de;q=0.9,en;q=0.8", german},
		{"", "en;q=0.1, de", german},
		{"", "fr", english},
		{"", "\xff;;", english},
		{"?ui_locales=de", "en", german},
		{"?ui_locales=fr+de-CH", "en", german},
		{"?ui_locales=en", "de", english},
		{"?ui_locales=fr", "de", german},
		{"?client_id=x", "de", german},
		{"?ui_locales=%00&ui_locales=de", "en", english},
	} {
		if row.authorize != "" {
			p.get("/oauth/authorize" + row.authorize)
		}
		w := get(row.accept)
		wantPage(t, fmt.Sprint(i), w, 200, row.want)
		if tag := w.Header().Get("Content-Language"); !strings.Contains(w.Body.String(), `<html lang="`+tag+`">`) || (tag == "de") != (row.want == german) {
			t.Errorf("%d: the language is %q", i, tag)
		}
	}
	if p.cookies["__Host-usher_language"] != nil {
		t.Error("the language of an earlier client stays")
	}
}

// TestN12_3_TheLanguageOfAPushedRequestIsTheOneOfThePages: as authz returns it, and not as the address has it.
func TestN12_3_TheLanguageOfAPushedRequestIsTheOneOfThePages(t *testing.T) {
	p, request := redirectedByClient(t)
	for _, row := range []struct{ pushed, beside, want string }{
		{"de", "", "de"}, {"de", "&ui_locales=en", "de"}, {"", "&ui_locales=de", "en"}, {"en", "&ui_locales=de", "en"},
	} {
		p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{
			Step: &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}}, UiLocales: row.pushed,
		}, nil)
		p.get("/oauth/authorize?client_id=x&request_uri=urn:ietf:params:oauth:request_uri:x" + row.beside)
		if w := p.get("/signin?request=" + request); w.Header().Get("Content-Language") != row.want {
			t.Errorf("pushed %q, and %q beside it: the page is in %q, want %q", row.pushed, row.beside, w.Header().Get("Content-Language"), row.want)
		}
	}
}

func TestAFailedFormIsShownInTheLanguageToo(t *testing.T) {
	p, request := redirectedByClient(t)
	page := "/signin?request=" + request
	p.respond("AuthenticateUser", nil, oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "x", oerr.WithRetryAfter(4*time.Minute)))
	p.post(page, url.Values{"csrf_token": {csrf(t, p.get(page))}, "request": {request}, "email": {"john@example.com"}, "password": {"sentinel"}})
	r := httptest.NewRequest(http.MethodGet, "https://login.test"+page, nil)
	r.Header.Set("Accept-Language", "de")
	wantPage(t, "too many attempts", p.send(r), 200, "<title>Fehler: Anmelden, um zu Example App", "Es waren zu viele Versuche. Versuchen Sie es um ", " UTC noch einmal (in 4 Minuten).")
}

func TestTheOperatorNamesTheProductAndTheLinks(t *testing.T) {
	config := gateway.DefaultConfig()
	if body := newBrowserWith(t, config).get("/signin").Body.String(); !strings.Contains(body, "– Vidocu</title>") || strings.Contains(body, "<footer") {
		t.Errorf("by default: %s", body)
	}
	config.ProductName, config.SupportURL, config.PrivacyURL = "Acme <Video>", "mailto:help@acme.test", "https://acme.test/privacy?a=b&c"
	w := newBrowserWith(t, config).get("/signin")
	wantPage(t, "with a name and links", w, 200, "– Acme &lt;Video&gt;</title>", `<a class="brand" href="/">Acme &lt;Video&gt;</a>`,
		`<a href="https://acme.test/privacy?a=b&amp;c">Privacy</a><a href="mailto:help@acme.test">Help</a>`)
	if strings.Contains(w.Body.String(), "Vidocu") {
		t.Errorf("the default name stays: %s", w.Body)
	}
	for name, change := range map[string]func(*gateway.Config){
		"accent_color": func(c *gateway.Config) { c.AccentColor = "#ffd400" }, "accent_color:": func(c *gateway.Config) { c.AccentColor = "red" },
		"product_name": func(c *gateway.Config) { c.ProductName = "" }, "product_name:": func(c *gateway.Config) { c.ProductName = "a\u202eb" },
		"support_url": func(c *gateway.Config) { c.SupportURL = "javascript:alert(1)" }, "privacy_url": func(c *gateway.Config) { c.PrivacyURL = "mailto:a@b.test" },
		"terms_url": func(c *gateway.Config) { c.TermsURL = "/terms" }, "terms_url:": func(c *gateway.Config) { c.TermsURL = "https://a.test/ b" },
	} {
		bad := config
		if change(&bad); bad.Validate() == nil || !strings.Contains(bad.Validate().Error(), name) {
			t.Errorf("%s: %v", name, bad.Validate())
		}
	}
}

// TestALogoThatCannotBeReadStopsTheStart, with the setting's name.
func TestALogoThatCannotBeReadStopsTheStart(t *testing.T) {
	config := gateway.DefaultConfig()
	config.LogoFile = filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(config.LogoFile, []byte("<svg/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := gateway.New(t.Context(), config, gateway.Deps{PublicURL: "https://login.test", Metrics: telemetry.New(), Catalog: catalog.Fixed(catalog.Default())})
	if err == nil || !strings.Contains(err.Error(), "logo_file") {
		t.Errorf("the start: %v", err)
	}
}
