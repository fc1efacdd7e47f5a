package access_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/access"
	"github.com/vidocu/usher/services/token/internal/accesstest"
)

// TestWireContract6_TheScopeMatrix: docs/security-cases.md 75, cell by cell.
func TestWireContract6_TheScopeMatrix(t *testing.T) {
	rules := catalog.Default().At(accesstest.API).Rules()
	accesstest.Each(t, func(t *testing.T, tokens accesstest.Tokens, c accesstest.Cell) {
		d := access.Decider{Tokens: tokens, Rules: func() *enforce.Rules { return rules }}
		identity, denial, err := d.Decide(t.Context(), access.Request{Credential: enforce.Credential{Token: "token"}, Method: c.Method, Path: c.Path})
		if err != nil {
			t.Fatal(err)
		}
		if c.Status == 0 {
			want := enforce.Identity{
				Kind: enforce.AccessToken, Subject: c.Facts.UserID, ClientID: c.Facts.ClientID, WorkspaceID: c.Facts.WorkspaceID, Scope: c.Facts.Scope,
			}
			if c.Facts.Kind.IsAPIKey() {
				want = enforce.Identity{Kind: c.Facts.Kind, Subject: c.Facts.KeyID, WorkspaceID: c.Facts.WorkspaceID, Scope: c.Facts.Scope}
			}
			if denial != nil || identity != want {
				t.Errorf("%s: %v %+v, want it passed on as %+v", c.Name, denial, identity, want)
			}
			return
		}
		type response struct {
			status                   int
			code, message, challenge string
		}
		want := response{c.Status, c.Code, c.Message, c.Challenge}
		if denial == nil || (response{denial.Status, denial.Code, denial.Message, denial.Challenge}) != want || identity != (enforce.Identity{}) {
			t.Errorf("%s: %+v, want %+v", c.Name, denial, want)
		}
	})
}

const metadata = `resource_metadata="https://api.test/.well-known/oauth-protected-resource/v1"`

func TestWireContract6_TheTokenIsJudgedBeforeThePath(t *testing.T) {
	d := access.Decider{Tokens: accesstest.Tokens{}, Rules: catalog.Default().At(accesstest.API).Rules}
	for _, row := range []struct {
		request   access.Request
		challenge string
	}{
		{access.Request{Method: "GET", Path: "/nowhere"}, "Bearer " + metadata},
		{access.Request{Credential: enforce.Credential{Token: enforce.Malformed}, Method: "GET", Path: "/nowhere"}, `Bearer error="invalid_token", ` + metadata + `, error_description="Invalid or expired access token"`},
		{access.Request{Credential: enforce.Credential{Token: "dead"}, Method: "GET", Path: "/nowhere"}, `Bearer error="invalid_token", ` + metadata + `, error_description="Invalid or expired access token"`},
	} {
		_, denial, err := d.Decide(t.Context(), row.request)
		if err != nil || denial == nil || denial.Status != 401 || denial.Challenge != row.challenge {
			t.Errorf("%+v: %v, %v, want 401 with %s", row.request, denial, err, row.challenge)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	d := access.Decider{Tokens: accesstest.Tokens{"token": {
		Kind: enforce.AccessToken, UserID: "usr_1", ClientID: "app", WorkspaceID: "ws_1", Scope: "videos:read export:write", Plan: "pro",
	}}, Rules: catalog.Default().At(accesstest.API).Rules}
	b.ReportAllocs()
	for b.Loop() {
		if _, denial, err := d.Decide(b.Context(), access.Request{Credential: enforce.Credential{Token: "token"}, Method: "POST", Path: "/v1/videos/vid_1/export"}); denial != nil || err != nil {
			b.Fatal(denial, err)
		}
	}
}
