package pages

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// longFields are the fields of the console's and the workspaces' forms, with what else the form must have.
func longFields(app, workspace string) []struct {
	path, field string
	form        map[string]string
} {
	var list []struct {
		path, field string
		form        map[string]string
	}
	add := func(path string, form map[string]string, fields ...string) {
		for _, field := range fields {
			list = append(list, struct {
				path, field string
				form        map[string]string
			}{path, field, form})
		}
	}
	described := []string{"name", "purpose", "publisher", "client_uri", "policy_uri", "tos_uri"}
	registered := map[string]string{
		"kind": "server", "workspace_id": "ws_acme", "name": "Long", "redirect_uris": "https://long.example/callback", "scope": "videos:read",
	}
	add("/developers/apps/new", registered, append(described, "redirect_uris")...)
	add(app+"/about", map[string]string{"do": "save"}, described...)
	add(app+"/addresses", map[string]string{"do": "add"}, "redirect_uris")
	add(app+"/credentials", map[string]string{"do": "set-keys"}, "jwk", "jwks_uri")
	add(app+"/team", map[string]string{"do": "add"}, "email_address")
	add(app+"/manifest", nil, "manifest")
	add(workspace, map[string]string{"do": "end"}, "confirm_name")
	add(workspace+"/policy", map[string]string{"do": "refuse"}, "answer")
	add(workspace+"/keys", map[string]string{"do": "create", "name": "Long"}, "name", "addresses")
	return list
}

// TestEveryFieldOfTheConsoleRefusesALongTextAndKeepsIt: 8 KiB are an error that says what is wrong, and the
// page shows what was typed. The browser's own limits (maxlength) are not what is tested.
func TestEveryFieldOfTheConsoleRefusesALongTextAndKeepsIt(t *testing.T) {
	d := shared.AllInOne()
	withWorkspace(t, d, "ws_long", map[string]string{harness.JohnEmail: "administrator", harness.EstherEmail: "member"})
	john, esther := expect.SignedIn(t, d, harness.JohnEmail), expect.SignedIn(t, d, harness.EstherEmail)
	app, _ := registerApp(t, d, john, "Long")
	// A connected client, and another request that waits.
	_, err := d.Issue(john, harness.Request{Email: harness.JohnEmail, Workspace: "ws_long"})
	expect.NoError(t, err)
	inWorkspace(t, john, "/workspaces/ws_long/policy", map[string]string{"do": "set", "policy": "approved"})
	asking, err := esther.Consent(harness.Request{Email: harness.EstherEmail})
	expect.NoError(t, err)
	form, err := asking.FormWith("reason")
	expect.NoError(t, err)
	_, err = esther.Follow(esther.Submit(asking, form, map[string]string{"decision": "ask ws_long", "reason": "please"}))
	expect.NoError(t, err)

	long := strings.Repeat("x", 8<<10)
	for _, f := range longFields(app, "/workspaces/ws_long") {
		t.Run(strings.NewReplacer(app, "app", "/", " ").Replace(f.path+" "+f.field), func(t *testing.T) {
			page, err := john.Get(f.path)
			expect.NoError(t, err)
			form, err := page.FormWith(f.field)
			expect.NoError(t, err)
			change := map[string]string{f.field: long}
			for name, value := range f.form {
				if name != f.field {
					change[name] = value
				}
			}
			shown, err := john.Follow(john.Submit(page, form, change))
			expect.NoError(t, err)
			mustShow(t, shown, `role="alert"`, long)
			if strings.Contains(shown.Body, "The change was refused.") || strings.Contains(shown.Body, "too long to be shown again") {
				t.Errorf("the error is not about the field: %s", shown.Body[:min(len(shown.Body), 200)])
			}
		})
	}
}
