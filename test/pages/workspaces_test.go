package pages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// workspacePages are the pages about one workspace.
var workspacePages = []string{"", "/policy", "/keys", "/members", "/activity", "/activity/csv"} //nolint:gochecknoglobals // never changed

// inWorkspace submits the form of a page of a workspace that has the hidden or button value do.
func inWorkspace(t *testing.T, b *harness.Browser, path string, change map[string]string) harness.Page {
	t.Helper()
	page, err := b.Get(path)
	expect.NoError(t, err)
	return press(t, b, page, path, change)
}

// withWorkspace creates a workspace of its own for a test, so that tests do not meet in one.
func withWorkspace(t *testing.T, d *harness.Deployment, id string, roles map[string]string) {
	t.Helper()
	_, err := d.Operate(t.Context(), shared.Bins, "workspaces", "create", "Studio "+id, "--plan", "pro", "--id", id)
	expect.NoError(t, err)
	for user, role := range roles {
		_, err := d.Operate(t.Context(), shared.Bins, "members", "add", id, user, "--role", role)
		expect.NoError(t, err)
	}
}

// TestWorkspaces_OnlyAdministratorsSeeOne: for members, developers and strangers each page is the one of a
// workspace that does not exist, and no form changes anything.
func TestWorkspaces_OnlyAdministratorsSeeOne(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		withWorkspace(t, d, "ws_matrix", map[string]string{harness.JohnEmail: "administrator", harness.EstherEmail: "developer"})
		withWorkspace(t, d, "ws_johns", map[string]string{harness.JohnEmail: "administrator"})
		john, esther, stranger := expect.SignedIn(t, d, harness.JohnEmail), expect.SignedIn(t, d, harness.EstherEmail), d.NewBrowser()
		key := regexp.MustCompile(`vdo_live_[0-9A-Za-z]+`)
		created := inWorkspace(t, john, "/workspaces/ws_matrix/keys", map[string]string{"do": "create", "name": "Matrix"})
		d.RecordSecret("API key", key.FindString(created.Body))
		form, err := created.FormWith("key_id")
		expect.NoError(t, err)
		id := form.Values.Get("key_id")
		body := func(b *harness.Browser, path string) (int, string) {
			page, err := b.Get(path)
			expect.NoError(t, err)
			return page.Status, regexp.MustCompile(`<code>[^<]*</code>|value="[^"]*"`).ReplaceAllString(page.Body, "")
		}
		for _, role := range []string{"developer", "member"} {
			_, err := d.Operate(t.Context(), shared.Bins, "members", "add", "ws_matrix", harness.EstherEmail, "--role", role)
			expect.NoError(t, err)
			for _, name := range workspacePages {
				if status, _ := body(john, "/workspaces/ws_matrix"+name); status != http.StatusOK {
					t.Errorf("%s for an administrator: %d", name, status)
				}
				_, want := body(esther, "/workspaces/ws_none"+name)
				for _, of := range []string{"ws_matrix", "ws_johns"} {
					if status, got := body(esther, "/workspaces/"+of+name); status != http.StatusNotFound || got != want {
						t.Errorf("%s of %s for a %s: %d, or another page than that of no workspace", name, of, role, status)
					}
				}
				page, err := stranger.Get("/workspaces/ws_matrix" + name)
				expect.NoError(t, err)
				if page.Status != http.StatusSeeOther || !strings.Contains(page.Location(), "/signin?page=developers&at=") {
					t.Errorf("%s signed out: %d to %s", name, page.Status, page.Location())
				}
			}
		}
		home, err := esther.Get("/account")
		expect.NoError(t, err)
		post := func(b *harness.Browser, home harness.Page, path string, change map[string]string) harness.Page {
			form := home.Forms[0]
			form.Action = path
			answer, err := b.Submit(home, form, change)
			expect.NoError(t, err)
			return answer
		}
		changes := map[string][]map[string]string{
			"/keys": {{"do": "create", "name": "Stolen"}, {"do": "revoke", "key_id": id}, {"do": "rotate", "key_id": id, "overlap": "0"}},
			"/policy": {
				{"do": "set", "policy": "nobody"}, {"do": "grant", "client_id": harness.ConfidentialID}, {"do": "withdraw", "client_id": harness.ConfidentialID},
			},
			"": {{"do": "end", "client_id": harness.ConfidentialID, "confirm_name": "Example App"}, {"do": "approve", "client_id": harness.ConfidentialID}},
		}
		for name, all := range changes {
			for _, change := range all {
				for _, of := range []string{"ws_matrix", "ws_johns", "ws_none"} {
					answer := post(esther, home, "/workspaces/"+of+name, change)
					expect.Equal(t, "status of "+change["do"]+" in "+of, answer.Status, http.StatusNotFound)
				}
			}
		}
		// An administrator of another workspace cannot reach a key through their own.
		johns, err := john.Get("/account")
		expect.NoError(t, err)
		for _, do := range []string{"revoke", "rotate"} {
			answer := post(john, johns, "/workspaces/ws_johns/keys", map[string]string{"do": do, "key_id": id, "overlap": "0"})
			expect.Equal(t, "status of "+do+" through another workspace", answer.Status, http.StatusSeeOther)
			page, err := john.Get("/workspaces/ws_johns/keys")
			expect.NoError(t, err)
			mustShow(t, page, "That was changed meanwhile.")
		}
		after, err := john.Get("/workspaces/ws_matrix/keys")
		expect.NoError(t, err)
		if strings.Contains(after.Body, "Stolen") || strings.Contains(after.Body, "Revoked") || strings.Contains(after.Body, "Replaced") {
			t.Error("a form of somebody else changed the keys")
		}
		policy, err := john.Get("/workspaces/ws_matrix/policy")
		expect.NoError(t, err)
		if strings.Contains(policy.Body, "Approved apps") || strings.Contains(policy.Body, "Set by") {
			t.Error("a form of somebody else changed the policy")
		}
	})
}

// TestWorkspaces_AKeyIsShownOnceAndLimited: scopes, networks and the end hold at /v1.
func TestWorkspaces_AKeyIsShownOnceAndLimited(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		withWorkspace(t, d, "ws_keys", map[string]string{harness.JohnEmail: "administrator"})
		b, path := expect.SignedIn(t, d, harness.JohnEmail), "/workspaces/ws_keys/keys"
		key := func(page harness.Page) string {
			found := regexp.MustCompile(`<pre tabindex="0">(vdo_live_[0-9A-Za-z]+)`).FindStringSubmatch(page.Body)
			if found == nil {
				t.Fatalf("%s shows no key:\n%s", page.URL, page.Body)
			}
			d.RecordSecret("API key", found[1])
			return found[1]
		}
		call := func(key, path string) int {
			return expect.Response(t, d, http.MethodGet, path, "Authorization", "Bearer "+key).Status
		}
		unlimited := key(inWorkspace(t, b, path, map[string]string{"do": "create", "name": "All"}))
		page, err := b.Get(path)
		expect.NoError(t, err)
		if strings.Contains(page.Body, unlimited) {
			t.Error("the key is shown twice")
		}
		mustShow(t, page, "<h1><bdi>Studio ws_keys</bdi></h1>", "John Doe", "Not used yet.")
		scoped := key(inWorkspace(t, b, path, map[string]string{"do": "create", "name": "Scoped", "scope": "jobs:read"}))
		near := key(inWorkspace(t, b, path, map[string]string{"do": "create", "name": "Near", "addresses": "127.0.0.0/8\r\n::1"}))
		far := key(inWorkspace(t, b, path, map[string]string{"do": "create", "name": "Far", "addresses": "203.0.113.0/24"}))
		for name, c := range map[string]struct {
			key  string
			want int
		}{"all": {unlimited, 200}, "scoped": {scoped, 403}, "near": {near, 200}, "far": {far, 401}} {
			expect.Equal(t, "status of the key "+name, call(c.key, "/v1/videos"), c.want)
		}
		for _, bad := range []map[string]string{
			{"name": ""},
			{"name": "x", "addresses": "10.0.0.0/33"},
			{"name": "x", "addresses": strings.Repeat("10.0.0.1 ", 21)},
			{"name": strings.Repeat("x", 101)},
			{"name": "x", "lifetime": "soon"},
			{"name": "x", "lifetime": "-1"},
		} {
			bad["do"] = "create"
			page := inWorkspace(t, b, path, bad)
			if !strings.Contains(page.Body, `aria-invalid="true"`) || strings.Contains(page.Body, `<pre tabindex="0">vdo_live_`) {
				t.Errorf("%v is no error", bad)
			}
		}
		form, err := page.FormWith("overlap")
		expect.NoError(t, err)
		rotated, err := b.Follow(b.Submit(page, form, map[string]string{"do": "rotate", "overlap": "0"}))
		expect.NoError(t, err)
		next := key(rotated)
		mustShow(t, rotated, "is replaced. The old one ends", "Revoked")
		expect.Equal(t, "status of the replaced key", call(unlimited, "/v1/videos"), 401)
		expect.Equal(t, "status of the new key", call(next, "/v1/videos"), 200)
	})
}

// TestWorkspaces_ThePolicyIsObeyedAndMembersAsk: the consent page says that the administrators decide, a
// member asks with a reason, and an administrator replies with a word.
func TestWorkspaces_ThePolicyIsObeyedAndMembersAsk(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		withWorkspace(t, d, "ws_policy", map[string]string{harness.JohnEmail: "administrator", harness.EstherEmail: "member"})
		john, esther := expect.SignedIn(t, d, harness.JohnEmail), expect.SignedIn(t, d, harness.EstherEmail)
		const path = "/workspaces/ws_policy/policy"
		open, err := esther.Consent(harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		mustShow(t, inWorkspace(t, john, path, map[string]string{"do": "set", "policy": "approved"}), "The policy is saved.", "John Doe")

		// The page that was open before obeys it.
		refused, err := esther.Follow(esther.Decide(open, "ws_policy", "approve"))
		expect.NoError(t, err)
		mustShow(t, refused, "do not let this app be connected", "Its administrators decide", "only approved apps")
		form, err := refused.FormWith("reason")
		expect.NoError(t, err)
		asked, err := esther.Follow(esther.Submit(refused, form, map[string]string{"decision": "ask ws_policy", "reason": `<b>for captions</b>`}))
		expect.NoError(t, err)
		mustShow(t, asked, "The administrators see your request.", "nobody has answered yet")

		page, err := john.Get(path)
		expect.NoError(t, err)
		mustShow(t, page, "Members ask for", "&lt;b&gt;for captions&lt;/b&gt;", "Esther", "What it may ask for", "<code>videos:read</code>")
		mustShow(t, inWorkspace(t, john, path, map[string]string{"do": "refuse", "client_id": harness.ConfidentialID, "answer": "not this one"}), "The request for <bdi>Example App</bdi> is refused.", "not this one")
		again, err := esther.Consent(harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		mustShow(t, again, "they refused", "not this one")
		form, err = again.FormWith("reason")
		expect.NoError(t, err)
		again, err = esther.Follow(esther.Submit(again, form, map[string]string{"decision": "ask ws_policy", "reason": "please"}))
		expect.NoError(t, err)
		mustShow(t, inWorkspace(t, john, path, map[string]string{"do": "grant", "client_id": harness.ConfidentialID, "answer": "fine"}), "<bdi>Example App</bdi> is approved.", "Approved apps", "fine")
		decided, err := esther.Decide(again, "ws_policy", "approve")
		expect.NoError(t, err)
		if decided.Query().Get("code") == "" {
			t.Errorf("after the approval: %d to %s", decided.Status, decided.Location())
		}

		// The member reads the answer, also where it has no effect any more.
		mustShow(t, inWorkspace(t, john, path, map[string]string{"do": "withdraw", "client_id": harness.ConfidentialID}), "is withdrawn", "Was approved")
		again, err = esther.Consent(harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		mustShow(t, again, "took the approval back", "fine")
		form, err = again.FormWith("reason")
		expect.NoError(t, err)
		_, err = esther.Submit(again, form, map[string]string{"decision": "ask ws_policy", "reason": "once more"})
		expect.NoError(t, err)
		mustShow(t, inWorkspace(t, john, path, map[string]string{"do": "grant", "client_id": harness.ConfidentialID}), "<bdi>Example App</bdi> is approved.")

		// A form that names the approved client does not approve another one.
		mustNotApprove(t, esther, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier(), Email: harness.EstherEmail}, harness.ConfidentialID)

		// A connected client stays so, and it is ended for all members by its name.
		tokens, err := d.Issue(esther, harness.Request{Email: harness.EstherEmail, Workspace: "ws_policy"})
		expect.NoError(t, err)
		mustShow(t, inWorkspace(t, john, path, map[string]string{"do": "set", "policy": "nobody"}), "The policy is saved.")
		expect.Active(t, d, tokens.Access, true)
		mustShow(t, inWorkspace(t, john, "/workspaces/ws_policy", map[string]string{"do": "end", "confirm_name": "Another App"}), "Nothing was ended.")
		expect.Active(t, d, tokens.Access, true)
		mustShow(t, inWorkspace(t, john, "/workspaces/ws_policy", map[string]string{"do": "end", "confirm_name": "example app"}), "has no access to this workspace any more")
		expect.Active(t, d, tokens.Access, false)
		mustShow(t, inWorkspacePage(t, john, "/workspaces/ws_policy"), "No app is connected")
	})
}

// mustNotApprove sends the form of a consent page with another client in its token, whose MAC the user can make: its
// key is the user's own cookie.
func mustNotApprove(t *testing.T, user *harness.Browser, r harness.Request, instead string) {
	t.Helper()
	page, err := user.Consent(r)
	expect.NoError(t, err)
	form, err := page.FormWith("workspace_id")
	expect.NoError(t, err)
	named, _, _ := strings.Cut(form.Values.Get("csrf_token"), ".")
	text, err := base64.RawURLEncoding.DecodeString(named)
	expect.NoError(t, err)
	if !strings.HasSuffix(string(text), " "+r.ClientID) {
		t.Fatalf("the form's token names %q", text)
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), r.ClientID, instead, 1)))
	mac := hmac.New(sha256.New, []byte(user.Cookie("usher_browser")))
	for _, part := range []string{"decide", form.Values.Get("request"), forged, user.Cookie(harness.SessionCookie)} {
		mac.Write(append([]byte(part), 0))
	}
	decided, err := user.Submit(page, form, map[string]string{
		"workspace_id": "ws_policy", "decision": "approve", "csrf_token": forged + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
	})
	expect.NoError(t, err)
	shown, err := user.Follow(decided, nil)
	expect.NoError(t, err)
	if shown.Location() != "" {
		t.Errorf("an app that is not approved got the response %s", shown.Location())
	}
}

func inWorkspacePage(t *testing.T, b *harness.Browser, path string) harness.Page {
	t.Helper()
	page, err := b.Get(path)
	expect.NoError(t, err)
	return page
}

// TestWorkspaces_ADecisionRacesAPolicy: once the form that closes a workspace has returned, no
// approval for it succeeds, at any replica.
func TestWorkspaces_ADecisionRacesAPolicy(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		withWorkspace(t, d, "ws_race", map[string]string{harness.JohnEmail: "administrator", harness.EstherEmail: "member"})
		john := expect.SignedIn(t, d, harness.JohnEmail)
		for range 8 {
			mustShow(t, inWorkspace(t, john, "/workspaces/ws_race/policy", map[string]string{"do": "set", "policy": "anyone"}), "The policy is saved.")
			const deciders = 4
			var browsers [deciders]*harness.Browser
			var pages [deciders]harness.Page
			for i := range deciders {
				browsers[i] = d.NewBrowser()
				var err error
				pages[i], err = browsers[i].Consent(harness.Request{Email: harness.EstherEmail})
				expect.NoError(t, err)
			}
			var racing sync.WaitGroup
			for i := range deciders - 1 {
				racing.Go(func() { _, _ = browsers[i].Decide(pages[i], "ws_race", "approve") }) // either outcome is right
			}
			closed := inWorkspace(t, john, "/workspaces/ws_race/policy", map[string]string{"do": "set", "policy": "nobody"})
			mustShow(t, closed, "The policy is saved.")
			late, err := browsers[deciders-1].Decide(pages[deciders-1], "ws_race", "approve")
			expect.NoError(t, err)
			racing.Wait()
			if late.Query().Get("code") != "" {
				t.Error("an approval after the change of the policy got a code")
			}
		}
	})
}
