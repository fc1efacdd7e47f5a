package openid

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestOIDCConfig_Discovery: oidcc-discovery-endpoint-verification. Each member is true, and the document of
// RFC 8414 has the same values. It has no member of OpenID Connect: better-auth requires ID tokens where it finds them.
func TestOIDCConfig_Discovery(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		document, header := get(t, d.PublicURL+"/.well-known/openid-configuration")
		oauth, _ := get(t, d.PublicURL+"/.well-known/oauth-authorization-server")
		for member, value := range oauth {
			if fmt.Sprint(document[member]) != fmt.Sprint(value) {
				t.Errorf("%s is %v, and in the document of RFC 8414 %v", member, document[member], value)
			}
		}
		if oauth["id_token_signing_alg_values_supported"] != nil || header.Get("Content-Type") != "application/json" {
			t.Errorf("the document of RFC 8414 is %v", oauth)
		}
		for member, want := range map[string]string{
			"issuer": d.PublicURL, "authorization_endpoint": d.PublicURL + "/oauth/authorize", "token_endpoint": d.PublicURL + "/oauth/token",
			"userinfo_endpoint": d.PublicURL + "/oauth/userinfo", "jwks_uri": d.PublicURL + "/oauth/jwks", "end_session_endpoint": d.PublicURL + "/oauth/logout",
		} {
			if document[member] != want {
				t.Errorf("%s is %v", member, document[member])
			}
		}
		for _, member := range []string{"backchannel_logout_supported", "backchannel_logout_session_supported"} {
			if document[member] != true {
				t.Errorf("%s is %v", member, document[member])
			}
		}
		for _, member := range []string{"claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"} {
			if document[member] != false {
				t.Errorf("%s is %v", member, document[member])
			}
		}
		for member, want := range map[string][]string{
			"response_types_supported": {"code"}, "response_modes_supported": {"query"}, "subject_types_supported": {"public", "pairwise"},
			"id_token_signing_alg_values_supported": {"RS256", "ES256"}, "prompt_values_supported": {"none", "login", "consent", "select_account"},
			"claim_types_supported": {"normal"},
		} {
			if got := list(document, member); !slices.Equal(got, want) {
				t.Errorf("%s is %v", member, got)
			}
		}
		scopes, claims := list(document, "scopes_supported"), list(document, "claims_supported")
		for _, scope := range []string{"openid", "profile", "email"} {
			if !slices.Contains(scopes, scope) {
				t.Errorf("%s is not in %v", scope, scopes)
			}
		}
		for _, claim := range []string{"locale", "zoneinfo"} {
			if !slices.Contains(claims, claim) {
				t.Errorf("%s is not in %v", claim, claims)
			}
		}
		if slices.Contains(scopes, "offline_access") || slices.Contains(list(document, "ui_locales_supported"), "se") {
			t.Error("a member promises what there is not")
		}
		r := newRP(d)
		a := r.login(t, "scope", "openid profile email")
		for claim := range a.claims {
			if !slices.Contains(claims, claim) {
				t.Errorf("the ID token has %s, which claims_supported has not", claim)
			}
		}
		for claim := range r.userInfo(t, a.Text("access_token")).Body {
			if !slices.Contains(claims, claim) {
				t.Errorf("UserInfo has %s, which claims_supported has not", claim)
			}
		}
	})
}

func list(document map[string]any, member string) []string {
	values, _ := document[member].([]any)
	var texts []string
	for _, value := range values {
		text, _ := value.(string)
		texts = append(texts, text)
	}
	return texts
}

// TestOIDCConfig_Keys: oidcc-server-jwks. Each key is public, has kid, use and alg, and may be cached.
func TestOIDCConfig_Keys(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		document, header := get(t, d.PublicURL+"/oauth/jwks")
		algorithms, kids := map[string]int{}, map[string]bool{}
		keys, _ := document["keys"].([]any)
		for _, k := range keys {
			key, _ := k.(map[string]any)
			alg, _ := key["alg"].(string)
			kid, _ := key["kid"].(string)
			algorithms[alg]++
			kids[kid] = true
			if key["use"] != "sig" || kid == "" || key["d"] != nil || key["p"] != nil || key["x5c"] != nil {
				t.Errorf("a key is %v", key)
			}
		}
		if algorithms["RS256"] != 1 || algorithms["ES256"] != 1 || len(kids) != len(keys) {
			t.Errorf("the keys are %v", document)
		}
		if cache := header.Get("Cache-Control"); !strings.Contains(cache, "public") || !strings.Contains(cache, "max-age=") {
			t.Errorf("Cache-Control is %q", cache)
		}
		req := mustGet(t, d.PublicURL+"/oauth/jwks")
		req.Header.Set("Origin", "https://app.test")
		res, err := harness.Send(req)
		expect.NoError(t, err)
		if res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("a page of another origin cannot read the keys: %v", res.Header)
		}
	})
}

// TestN10_1_KeysStayAcrossARestart: a verifier that cached them goes on.
func TestN10_1_KeysStayAcrossARestart(t *testing.T) {
	d := shared.Processes()
	r := newRP(d)
	before, _ := get(t, d.PublicURL+"/oauth/jwks")
	hint := r.login(t).Text("id_token")
	_, err := d.StopOne("token")
	expect.NoError(t, err)
	expect.NoError(t, d.StartOne("token"))
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) { // until the gateway has connected again
		res, err := harness.Send(mustGet(t, d.PublicURL+"/oauth/jwks"))
		if err == nil && res.Status == http.StatusOK || time.Now().After(deadline) {
			break
		}
	}
	after, _ := get(t, d.PublicURL+"/oauth/jwks")
	one, err := json.Marshal(before)
	expect.NoError(t, err)
	two, err := json.Marshal(after)
	expect.NoError(t, err)
	if string(one) != string(two) {
		t.Errorf("the keys were\n%s, and are\n%s", one, two)
	}
	r.verify(t, hint)
}

func mustGet(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	expect.NoError(t, err)
	return req
}
