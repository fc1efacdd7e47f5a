package openid

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestOIDCBasic_Server: oidcc-server.
func TestOIDCBasic_Server(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		a := r.login(t)
		if a.text("nonce") != "n-0S6_WzA2Mj" || a.number("auth_time") == 0 || a.text("sid") == "" {
			t.Errorf("the claims are %v", a.claims)
		}
		if a.text("https://vidocu.ai/claims/workspace") != "ws_acme" {
			t.Errorf("the workspace is missing: %v", a.claims)
		}
		for _, claim := range []string{"name", "email", "azp"} {
			if _, has := a.claims[claim]; has {
				t.Errorf("the ID token has %s", claim)
			}
		}
		if len(a.header) != 3 || a.header["alg"] != "RS256" || a.header["typ"] != "JWT" {
			t.Errorf("the header is %v", a.header)
		}
		if info := r.userInfo(t, a.Text("access_token")); info.Status != http.StatusOK || info.Text("sub") != a.text("sub") || len(info.Body) != 1 {
			t.Errorf("UserInfo: %d %s", info.Status, info.Raw)
		}
	})
}
