package token_test

import (
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
)

// issueAsRelease01 writes a token pair with the statements of release 0.1.0, which knows no resources,
// and returns its tokens. The pair of the user and the client exists.
func (b bench) issueAsRelease01(t *testing.T) (access, refresh secret.String) {
	t.Helper()
	access, refresh = secret.Generate(secret.AccessToken), secret.Generate(secret.RefreshToken)
	family := secret.Sum("a code of release 0.1.0")
	now := time.Now()
	at := func(later time.Duration) int64 { return now.Add(later).UnixMicro() }
	exec := func(text string, args ...any) {
		if _, err := b.db.Exec(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`
INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
VALUES ($1, 'usr_john', 'app', 'ws_acme', 'John Doe', 'videos:read analyze:write', 0, $2, 'challenge', $3, $4, $5, $3, $6, $3)`,
		family.Bytes(), callback, at(0), at(365*24*time.Hour), secret.Sum(refresh.Reveal()).Bytes(), at(30*24*time.Hour))
	exec(`INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at) VALUES ($1, $2, 'videos:read analyze:write', $3, $4)`,
		secret.Sum(access.Reveal()).Bytes(), family.Bytes(), at(0), at(time.Hour))
	return access, refresh
}

// TestN4_5_TokensOfThePreviousReleaseAreForTheDefaultResource: of release 0.1.0, which knew no
// resources, the API sees a token and no other resource server does; and so for what it is refreshed to.
func TestN4_5_TokensOfThePreviousReleaseAreForTheDefaultResource(t *testing.T) {
	b := newResourceBench(t)
	access, refresh := b.issueAsRelease01(t)
	wants := func(what, token string) {
		t.Helper()
		for caller, want := range map[string]string{"videos": apiResource, "gateway": apiResource, "video-mcp": "inactive"} {
			for how, got := range b.sees(t, caller, token) {
				if got != want {
					t.Errorf("%s, %s as %s: %q, want %q", what, how, caller, got, want)
				}
			}
		}
		for client, active := range map[string]bool{"server": true, "app": true, "mcp-server": false} {
			res, err := b.oauth.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{Token: token, ClientId: client, ClientSecret: "secret"})
			if err != nil || res.GetActive() != active {
				t.Errorf("%s, over HTTP as %s: %v, %v", what, client, res, err)
			}
		}
		b.wantDecisions(t, what, token, map[string]bool{"/v1/videos": true, "/mcp": false})
	}
	wants("issued by 0.1.0", access.Reveal())
	wants("refreshed", b.mustRefresh(t, refresh.Reveal()).GetAccessToken())
}
