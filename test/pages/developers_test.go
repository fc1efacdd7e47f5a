package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// consolePages are the pages about one client.
var consolePages = []string{ //nolint:gochecknoglobals // never changed
	"", "/about", "/credentials", "/addresses", "/permissions", "/consent", "/requests", "/requests/json", "/playground", "/team", "/usage", "/status",
	"/manifest", "/manifest/download",
}

// registerApp registers a client of Acme Studio in the console and returns the path of its pages and its
// secret.
func registerApp(t *testing.T, d *harness.Deployment, b *harness.Browser, name string) (path, secret string) {
	t.Helper()
	page, err := b.Get("/developers/apps/new")
	expect.NoError(t, err)
	page = press(t, b, page, "/developers/apps/new", map[string]string{
		"kind": "server", "workspace_id": "ws_acme", "name": name, "redirect_uris": "https://captions.northwind.example/callback", "scope": "videos:read",
	})
	mustShow(t, page, "The app is registered.", "Draft")
	path = strings.TrimSuffix(strings.TrimPrefix(page.URL, d.PublicURL), "/credentials")
	secret = regexp.MustCompile(`vdo_secret_[0-9A-Za-z]+`).FindString(page.Body)
	if secret == "" {
		t.Fatalf("%s shows no secret:\n%s", page.URL, page.Body)
	}
	d.RecordSecret("client secret", secret)
	return path, secret
}

// do submits the form of a page that has a button of that value.
func do(t *testing.T, b *harness.Browser, path string, change map[string]string) harness.Page {
	t.Helper()
	page, err := b.Get(path)
	expect.NoError(t, err)
	return press(t, b, page, path, change)
}

// TestDevelopers_OnlyTheTeamSeesAnApp: for other users, each page about it is the one of a client that
// does not exist, and no form changes it.
func TestDevelopers_OnlyTheTeamSeesAnApp(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		john, esther, stranger := expect.SignedIn(t, d, harness.JohnEmail), expect.SignedIn(t, d, harness.EstherEmail), d.NewBrowser()
		path, _ := registerApp(t, d, john, "Northwind Captions")
		body := func(b *harness.Browser, path string) (int, string) {
			page, err := b.Get(path)
			expect.NoError(t, err)
			return page.Status, regexp.MustCompile(`<code>[^<]*</code>|value="[^"]*"`).ReplaceAllString(page.Body, "")
		}
		for _, name := range consolePages {
			if status, _ := body(john, path+name); status != http.StatusOK && name != "/requests/json" { // the log may be behind
				t.Errorf("%s for the team: %d", name, status)
			}
			wantStatus, want := body(esther, "/developers/apps/vdo_client_none"+name)
			for what, of := range map[string]string{"another workspace's": path, "the operator's": "/developers/apps/vdo_client_abc123"} {
				if status, got := body(esther, of+name); status != http.StatusNotFound || status != wantStatus || got != want {
					t.Errorf("%s of %s app: %d, and %d for one that does not exist", name, what, status, wantStatus)
				}
			}
			if status, _ := body(john, "/developers/apps/vdo_client_abc123"+name); status != http.StatusNotFound {
				t.Errorf("%s of the operator's app for an administrator: %d", name, status)
			}
			page, err := stranger.Get(path + name)
			expect.NoError(t, err)
			if page.Status != http.StatusSeeOther || !strings.Contains(page.Location(), "/signin?page=developers&at=") {
				t.Errorf("%s signed out: %d to %s", name, page.Status, page.Location())
			}
		}
		page, err := esther.Get("/developers")
		expect.NoError(t, err)
		mustShow(t, page, "You develop in no workspace")
		for name, change := range map[string]map[string]string{
			"/about": {"name": "Stolen", "do": "save"}, "/credentials": {"do": "new-secret", "overlap": "0"}, "/team": {"do": "add", "email_address": harness.EstherEmail},
			"/addresses": {"do": "add", "redirect_uris": "https://evil.example/"}, "/status": {"do": "submit"}, "/permissions": {"use.jobs:read": "asked"},
			"/manifest": {"manifest": "clients: []"}, "/playground": {"do": "register"},
		} {
			home, err := esther.Get("/account")
			expect.NoError(t, err)
			form := home.Forms[0]
			form.Action = path + name
			answer, err := esther.Submit(home, form, change)
			expect.NoError(t, err)
			expect.Equal(t, "status of the form of "+name, answer.Status, http.StatusNotFound)
		}
		after, err := john.Get(path + "/addresses")
		expect.NoError(t, err)
		if strings.Contains(after.Body, "evil.example") || strings.Contains(after.Body, "Stolen") {
			t.Error("a form of a stranger changed the app")
		}
	})
}

// TestDevelopers_ASignInReturnsToThePage of the console, and to no other place.
func TestDevelopers_ASignInReturnsToThePage(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		path, _ := registerApp(t, d, expect.SignedIn(t, d, harness.JohnEmail), "Returns")
		b := d.NewBrowser()
		page, err := b.Follow(b.Get(path + "/team"))
		expect.NoError(t, err)
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		expect.Equal(t, "the page after the sign-in", strings.TrimPrefix(page.URL, d.PublicURL), path+"/team")
		for _, elsewhere := range []string{"https://evil.example/", "//evil.example", "/developers/../account", "/developersx", "/developers//evil.example"} {
			b := d.NewBrowser()
			page, err := b.Get("/signin?page=developers&at=" + elsewhere)
			expect.NoError(t, err)
			page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
			expect.NoError(t, err)
			expect.Equal(t, "after "+elsewhere, strings.TrimPrefix(page.URL, d.PublicURL), "/developers")
		}
	})
}

// TestDevelopers_ASecretIsShownOnce, its predecessor ends as asked, and the last one stays.
func TestDevelopers_ASecretIsShownOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := expect.SignedIn(t, d, harness.JohnEmail)
		path, first := registerApp(t, d, b, "Secrets")
		page, err := b.Get(path + "/credentials")
		expect.NoError(t, err)
		if strings.Contains(page.Body, first) || strings.Contains(page.Body, "Remove now") {
			t.Error("a secret is shown twice, or the last one can be removed")
		}
		page = press(t, b, page, "/credentials", map[string]string{"do": "new-secret", "overlap": "3600"})
		mustShow(t, page, "Your new secret", "Two secrets are valid")
		if strings.Contains(page.URL, "secret") {
			t.Errorf("the address is %s", page.URL)
		}
		id := strings.TrimPrefix(path, "/developers/apps/")
		for _, secret := range []string{first, regexp.MustCompile(`vdo_secret_[0-9A-Za-z]+`).FindString(page.Body)} {
			d.RecordSecret("client secret", secret)
			res, err := d.Form("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {"none"}, "redirect_uri": {"x"}}, id, secret)
			expect.NoError(t, err)
			expect.Equal(t, "the error with a valid secret", res.Body["error"], any("invalid_grant"))
		}
	})
}

// TestDevelopers_ARefusedAddressNamesItsCharacter, and what was typed stays.
func TestDevelopers_ARefusedAddressNamesItsCharacter(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := expect.SignedIn(t, d, harness.JohnEmail)
		path, _ := registerApp(t, d, b, "Addresses")
		for typed, shown := range map[string]string{
			"https://a.example/cb#x":   "of the address is “<bdi>#</bdi>”",
			"https://a.example/cö":     "“<bdi>ö</bdi>”, which is not ASCII",
			"https://a.example/c b":    "a space or a control character",
			"https://*.example/cb":     "There are no wildcards",
			"http://a.example/cb":      "Write <bdi>https://a.example</bdi>",
			"https://a.example/x/../y": "which climbs up",
			"https://u@a.example/cb":   "a user name before",
			"a.example/cb":             "no scheme",
			"https://a.example/?code=": "cannot be registered",
		} {
			page := do(t, b, path+"/addresses", map[string]string{"do": "add", "redirect_uris": typed})
			mustShow(t, page, shown)
			form, err := page.FormWith("redirect_uris")
			expect.NoError(t, err)
			expect.Equal(t, "what was typed", form.Values.Get("redirect_uris"), typed)
		}
		mustShow(t, do(t, b, path+"/addresses", map[string]string{"do": "add", "redirect_uris": "https://a.example/cb"}), "<bdi>https://a.example/cb</bdi> is added.")
	})
}

// TestDevelopers_AManifestComesBackAsItWasDownloaded, and changes what it names.
func TestDevelopers_AManifestComesBackAsItWasDownloaded(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := expect.SignedIn(t, d, harness.JohnEmail)
		path, _ := registerApp(t, d, b, "Manifest")
		file, err := b.Get(path + "/manifest/download")
		expect.NoError(t, err)
		expect.Equal(t, "the media type", file.Header.Get("Content-Type"), "application/yaml; charset=utf-8")
		mustShow(t, do(t, b, path+"/manifest", map[string]string{"manifest": file.Body}), "There was nothing to change.")
		changed := strings.Replace(file.Body, "name: Manifest", "name: Changed by a file", 1)
		mustShow(t, do(t, b, path+"/manifest", map[string]string{"manifest": changed}), "The change is saved.", "Changed by a file")
		for _, bad := range []string{"", "clients: [", strings.Replace(file.Body, "id: vdo_client_", "id: vdo_client_x", 1), file.Body + "    secret: x\n"} {
			mustShow(t, do(t, b, path+"/manifest", map[string]string{"manifest": bad}), "The manifest cannot be used.")
		}
		mustShow(t, do(t, b, path+"/manifest", map[string]string{"manifest": strings.Replace(changed, "unverified: true", "unverified: false", 1)}), "The change was refused.", "is set by the operator")
	})
}

// TestDevelopers_AnAppBecomesLiveByAReview: until then only the team and its testers can connect it, and
// other users read why.
func TestDevelopers_AnAppBecomesLiveByAReview(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		john, esther := expect.SignedIn(t, d, harness.JohnEmail), expect.SignedIn(t, d, harness.EstherEmail)
		path, _ := registerApp(t, d, john, "Reviewed App")
		id := strings.TrimPrefix(path, "/developers/apps/")
		request := harness.Request{ClientID: id, RedirectURI: "https://captions.northwind.example/callback", Scope: "videos:read"}
		consent := func(b *harness.Browser) harness.Page {
			page, err := b.Follow(b.Get(request.Path()))
			expect.NoError(t, err)
			return page
		}
		mustShow(t, consent(john), "Reviewed App", "wants to use a workspace")
		page := consent(esther)
		expect.Equal(t, "status of a draft for a stranger", page.Status, http.StatusForbidden)
		mustShow(t, page, "This app is not open yet", "Nothing was shared", "Use another account")
		mustShow(t, do(t, john, path+"/team", map[string]string{"do": "add", "email_address": strings.ToUpper(harness.EstherEmail)}), harness.EstherEmail)
		mustShow(t, consent(esther), "wants to use a workspace")
		mustShow(t, do(t, john, path+"/status", map[string]string{"do": "submit"}), "Waits for its review", "Withdraw")
		out, err := d.Operate(t.Context(), shared.Bins, "clients", "review", "list")
		expect.NoError(t, err)
		if !strings.Contains(out, id) {
			t.Errorf("waiting for a review:\n%s", out)
		}
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "review", "refuse", id, "--note", "Tell us who you are")
		expect.NoError(t, err)
		page, err = john.Get(path + "/status")
		expect.NoError(t, err)
		mustShow(t, page, "Draft", "Tell us who you are")
		if out, err := d.Operate(t.Context(), shared.Bins, "clients", "review", "approve", id, "--verified"); err == nil {
			t.Errorf("what was not submitted is approved: %s", out)
		}
		mustShow(t, do(t, john, path+"/status", map[string]string{"do": "submit"}), "Waits for its review")
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "review", "approve", id, "--verified")
		expect.NoError(t, err)
		page, err = john.Get(path + "/status")
		expect.NoError(t, err)
		mustShow(t, page, "Live", "Verified", "Everybody can connect the app.")
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "review", "suspend", id, "--note", "Sends spam", "--yes")
		expect.NoError(t, err)
		mustShow(t, consent(esther), "suspended")
		page, err = john.Get(path + "/status")
		expect.NoError(t, err)
		mustShow(t, page, "Suspended", "Sends spam")
	})
}

// TestDevelopers_ThePlaygroundGetsATokenAndRevokesIt, and no address has a secret of it.
func TestDevelopers_ThePlaygroundGetsATokenAndRevokesIt(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := expect.SignedIn(t, d, harness.JohnEmail)
		path, secret := registerApp(t, d, b, "Played")
		mustShow(t, do(t, b, path+"/playground", map[string]string{"do": "register"}), "Authorize")
		page, err := b.Get(path + "/playground")
		expect.NoError(t, err)
		page = press(t, b, page, "/playground", map[string]string{"do": "start"})
		mustShow(t, page, "wants to use a workspace")
		form, err := page.FormWith("workspace_id")
		expect.NoError(t, err)
		page, err = b.Follow(b.Submit(page, form, map[string]string{"workspace_id": "ws_acme", "decision": "approve"}))
		expect.NoError(t, err)
		mustShow(t, page, "code_challenge", "Exchange the code")
		if strings.Contains(page.URL, "code=") {
			t.Errorf("the page of the run has the address %s", page.URL)
		}
		wrong := do(t, b, path+"/playground", map[string]string{"do": "exchange", "client_secret": "wrong"})
		mustShow(t, wrong, "Refused", "401")
		page = do(t, b, path+"/playground", map[string]string{"do": "exchange", "client_secret": secret})
		token := regexp.MustCompile(`vdo_oat_[0-9A-Za-z]+`).FindString(page.Body)
		d.RecordSecret("access token", token)
		expect.Active(t, d, token, true)
		if strings.Contains(page.Body, secret) {
			t.Error("the page has the secret")
		}
		mustShow(t, do(t, b, path+"/playground", map[string]string{"do": "call", "endpoint": "/v1/videos"}), "Authorization: Bearer", "200")
		page = do(t, b, path+"/playground", map[string]string{"do": "refresh", "client_secret": secret})
		fresh := regexp.MustCompile(`vdo_oat_[0-9A-Za-z]+`).FindAllString(page.Body, -1)
		if len(fresh) == 0 {
			t.Fatal("the page of a refresh has no access token")
		}
		for _, one := range fresh {
			d.RecordSecret("access token", one)
			expect.Active(t, d, one, true)
		}
		do(t, b, path+"/playground", map[string]string{"do": "revoke", "client_secret": secret})
		for _, one := range fresh {
			expect.Active(t, d, one, false)
		}
		foreign, err := b.Get("/developers/playground/callback?code=x&state=y")
		expect.NoError(t, err)
		expect.Equal(t, "status of a callback of no run", foreign.Status, http.StatusBadRequest)
	})
}
