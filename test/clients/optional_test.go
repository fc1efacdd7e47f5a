package clients

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// captions is a confidential, verified client with an optional scope and everything that describes it to users.
const captions = "vdo_client_captions"

// registerCaptions registers it and returns its secret.
func registerCaptions(t *testing.T, d *harness.Deployment) string {
	t.Helper()
	secret, err := d.Operate(t.Context(), shared.Bins, "clients", "create", "Captions", "--id", captions, "--redirect-uri", harness.CallbackURI,
		"--scope", "videos:read,jobs:read,export:write", "--optional-scope", "export:write", "--publisher", "Northwind Labs GmbH", "--client-uri", "https://northwind.example")
	expect.NoError(t, err)
	return strings.TrimSpace(secret)
}

// decide posts the form of a consent page with the scopes that are ticked; nil for a form without the
// field.
func decide(t *testing.T, b *harness.Browser, r harness.Request, scopes []string) harness.Page {
	t.Helper()
	page, err := b.Consent(r)
	expect.NoError(t, err)
	form, err := page.FormWith("workspace_id")
	expect.NoError(t, err)
	values := map[string]string{"workspace_id": "ws_acme", "decision": "approve"}
	form.Values.Del("scope")
	if scopes != nil {
		values["scope"] = strings.Join(scopes, " ")
	}
	decided, err := b.Submit(page, form, values)
	expect.NoError(t, err)
	return decided
}

func TestAUserLeavesOutAnOptionalScope(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		secret := registerCaptions(t, d)
		b := d.NewBrowser()
		request := harness.Request{ClientID: captions, Scope: "videos:read export:write"}
		page, err := b.Consent(request)
		expect.NoError(t, err)
		for _, text := range []string{"Northwind Labs GmbH", "Verified publisher", `<input type="hidden" name="scope" value="videos:read">`, `value="export:write" checked`} {
			if !strings.Contains(page.Body, text) {
				t.Errorf("the page lacks %q", text)
			}
		}
		for what, scopes := range map[string][]string{
			"a scope that was not requested":   {"videos:read", "jobs:read"},
			"a scope that it may not request":  {"videos:read", "tools:write"},
			"without the required scope":       {"export:write"},
			"nothing":                          {""},
			"the required scope, and nonsense": {"videos:read", "<script>"},
		} {
			if refused := decide(t, b, request, scopes); refused.Status != http.StatusSeeOther || refused.Query().Get("code") != "" || !strings.HasPrefix(refused.Location(), d.PublicURL+"/consent?") {
				t.Errorf("%s: %d %q", what, refused.Status, refused.Location())
			}
		}
		for scope, chosen := range map[string][]string{"videos:read": {"videos:read"}, "videos:read export:write": nil} {
			code := decide(t, b, request, chosen).Query().Get("code")
			issued, err := d.Form("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {harness.CallbackURI}}, captions, secret)
			expect.NoError(t, err)
			if issued.Status != http.StatusOK || issued.Text("scope") != scope {
				t.Fatalf("chosen %q: the tokens have %d %q, want %q", chosen, issued.Status, issued.Raw, scope)
			}
			refreshed, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {issued.Text("refresh_token")}}, captions, secret)
			expect.NoError(t, err)
			if refreshed.Text("scope") != scope {
				t.Errorf("chosen %q: the refresh has %q", chosen, refreshed.Raw)
			}
		}
	})
}

// TestAClientsPresentScopesAreNotAskedForAgain: new scopes come first, and a client that has every
// requested scope gets one button. Each request needs a click.
func TestAClientsPresentScopesAreNotAskedForAgain(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		_, err := d.Issue(b, harness.Request{Scope: "videos:read jobs:read", Email: harness.EstherEmail})
		expect.NoError(t, err)
		pageOf := func(change func(r *harness.Request)) string {
			t.Helper()
			request := harness.Request{Scope: "videos:read", Email: harness.EstherEmail}
			change(&request)
			page, err := b.Consent(request)
			expect.NoError(t, err)
			return page.Body
		}
		const oneClick = "already has everything that it asks for"
		if body := pageOf(func(*harness.Request) {}); !strings.Contains(body, oneClick) || !strings.Contains(body, ">Continue</button>") {
			t.Errorf("an app that has everything: %s", body)
		}
		if body := pageOf(func(r *harness.Request) { r.Scope = "jobs:read export:write" }); !strings.Contains(body, "asks for one more permission") || strings.Contains(body, oneClick) {
			t.Errorf("an app that asks for more: %s", body)
		}
		public := func(r *harness.Request) { r.ClientID, r.Verifier = harness.PublicID, harness.NewVerifier() }
		request := harness.Request{Scope: "videos:read", Email: harness.EstherEmail}
		public(&request)
		_, err = d.Issue(b, request)
		expect.NoError(t, err)
		if body := pageOf(public); strings.Contains(body, oneClick) || !strings.Contains(body, "Verified app") {
			t.Errorf("a public app that has everything: %s", body)
		}
	})
}

func TestALogoIsShownFromThisOrigin(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		file := filepath.Join(t.TempDir(), "logo")
		expect.NoError(t, os.WriteFile(file, []byte("<svg/>"), 0o600))
		id := "vdo_client_logo"
		_, err := d.Operate(t.Context(), shared.Bins, "clients", "create", "Logo", "--id", id, "--redirect-uri", harness.CallbackURI, "--scope", "videos:read")
		expect.NoError(t, err)
		if out, err := d.Operate(t.Context(), shared.Bins, "clients", "logo", id, file); err == nil {
			t.Errorf("an SVG is a logo: %s", out)
		}
		expect.NoError(t, os.WriteFile(file, []byte("GIF89a\x10\x00\x10\x00\x80\x00\x00\x17\x6c\x46\xff\xff\xff,\x00\x00\x00\x00\x10\x00\x10\x00\x00\x02\x0e\x84\x8f\xa9\xcb\xed\x0f\xa3\x9c\xb4\xda\x8b\xb3>\x05\x00;"), 0o600))
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "logo", id, file)
		expect.NoError(t, err)
		b := d.NewBrowser()
		page, err := b.Consent(harness.Request{ClientID: id, Scope: "videos:read"})
		expect.NoError(t, err)
		_, after, found := strings.Cut(page.Body, `src="/logos/`)
		name, _, _ := strings.Cut(after, `"`)
		if !found {
			t.Fatalf("the page has no logo: %s", page.Body)
		}
		logo, err := b.Get("/logos/" + name)
		expect.NoError(t, err)
		if logo.Status != http.StatusOK || logo.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(logo.Body, "\x89PNG") || !strings.Contains(logo.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("the logo: %d %v", logo.Status, logo.Header)
		}
	})
}
