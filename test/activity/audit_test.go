package activity

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestActivity_EveryActOfTheCommandLineIsRecorded: with the operator as its actor, and the fields
// before and after.
func TestActivity_EveryActOfTheCommandLineIsRecorded(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		created := operateWith(t, d, "a long enough password", "users", "create", "audited@example.com", "--first-name", "A", "--last-name", "B")
		user := regexp.MustCompile(`usr_\w+`).FindString(created)
		operate(t, d, "users", "disable", user, "--yes")
		operate(t, d, "users", "enable", user)
		operate(t, d, "users", "unlock", user)
		operateWith(t, d, "another long password", "users", "set-password", user)
		operate(t, d, "workspaces", "create", "Audited", "--id", "ws_audited", "--plan", "free")
		operate(t, d, "workspaces", "set-plan", "ws_audited", "pro")
		operate(t, d, "members", "add", "ws_audited", user, "--role", "member")
		operate(t, d, "members", "remove", "ws_audited", user, "--yes")
		const id = "vdo_client_audited"
		secrets := regexp.MustCompile(`vdo_secret_\w+`)
		record := func(out string) { d.RecordSecret("client_secret", secrets.FindString(out)) }
		record(operate(t, d, "clients", "create", "Audited", "--id", id, "--redirect-uri", "https://a.example/cb", "--scope", "videos:read"))
		operate(t, d, "clients", "update", id, "--redirect-uri", "https://b.example/cb")
		record(operate(t, d, "clients", "rotate-secret", id, "--overlap", "1h"))
		operate(t, d, "clients", "revoke-old-secret", id)
		operate(t, d, "clients", "disable", id, "--yes")
		operate(t, d, "clients", "enable", id)
		key := operate(t, d, "api-keys", "create", "ws_audited", "--name", "Nightly")
		d.RecordSecret("api_key", strings.TrimSpace(key))

		for _, row := range []struct{ kind, object, field, before, after string }{
			{"user.created", user, "status", "", "enabled"},
			{"user.disabled", user, "status", "enabled", "disabled"},
			{"user.enabled", user, "status", "disabled", "enabled"},
			{"user.unlocked", user, "", "", ""},
			{"user.password_set", user, "", "", ""},
			{"workspace.created", "ws_audited", "plan", "", "free"},
			{"workspace.plan_set", "ws_audited", "plan", "free", "pro"},
			{"member.added", "ws_audited", "role", "", "member"},
			{"member.removed", "ws_audited", "role", "member", ""},
			{"client.created", id, "redirect_uris", "", "https://a.example/cb"},
			{"client.updated", id, "redirect_uris", "https://a.example/cb", "https://b.example/cb"},
			{"client.secret_rotated", id, "", "", ""},
			{"client.old_secret_revoked", id, "", "", ""},
			{"client.disabled", id, "status", "enabled", "disabled"},
			{"client.enabled", id, "status", "disabled", "enabled"},
			{"api_key.created", "ws_audited", "name", "", "Nightly"},
		} {
			var found []event
			expect.Eventually(t, row.kind+" in the audit trail", func() bool {
				found = nil
				for _, e := range events(t, d, "--kind", row.kind) {
					if e.UserID == row.object || e.WorkspaceID == row.object || e.ClientID == row.object {
						found = append(found, e)
					}
				}
				return len(found) > 0
			})
			if len(found) != 1 || found[0].Actor.Kind != "ACTOR_KIND_OPERATOR" || found[0].RequestID == "" {
				t.Errorf("%s of %s: %+v", row.kind, row.object, found)
			}
			if before, after := found[0].change(row.field); before != row.before || after != row.after {
				t.Errorf("%s of %s changed %s from %q to %q, want %q to %q", row.kind, row.object, row.field, before, after, row.before, row.after)
			}
		}
	})
}

// TestActivity_ThePersonReadsThatATokenWasUsedTwice, in plain words, on the page of the account.
func TestActivity_ThePersonReadsThatATokenWasUsedTwice(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		for range 2 {
			_, err := d.Refresh(tokens.Refresh)
			expect.NoError(t, err)
		}
		expect.Eventually(t, "the reuse on the page", func() bool {
			page, err := b.Get("/account/activity")
			expect.NoError(t, err)
			return strings.Contains(page.Body, "was disconnected because its token was used twice. Somebody else may have copied it") &&
				strings.Contains(page.Body, "You signed in") && strings.Contains(page.Body, "You allowed")
		})
	})
}

func operateWith(t *testing.T, d *harness.Deployment, stdin string, args ...string) string {
	t.Helper()
	out, err := d.OperateWith(t.Context(), shared.Bins, stdin, args...)
	if err != nil {
		t.Fatal(fmt.Errorf("%v: %w", args, err))
	}
	return out
}
