package proxies

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// prove returns a new DPoP proof for a request to the deployment's address, and for a token if it has
// one.
func prove(t *testing.T, key josetest.Signer, method, path, token string) string {
	t.Helper()
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": shared.deployment.PublicURL + path, "iat": time.Now().Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return key.Sign(t, map[string]any{"typ": "dpop+jwt", "jwk": json.RawMessage(key.JWK())}, claims)
}

// issueBound runs the flow and returns an access token that is bound to the key.
func issueBound(t *testing.T, key josetest.Signer) string {
	t.Helper()
	d := shared.deployment
	code, err := d.NewBrowser().Approve(harness.Request{Scope: "videos:read"})
	expect.NoError(t, err)
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {harness.CallbackURI},
		"client_id": {"vdo_client_abc123"}, "client_secret": {"vdo_secret_xyz789"},
	}.Encode()))
	expect.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("DPoP", prove(t, key, http.MethodPost, "/oauth/token", ""))
	a, err := harness.Send(req)
	expect.NoError(t, err)
	expect.Equal(t, "token_type", a.Text("token_type"), "DPoP")
	d.RecordSecret("access token", a.Text("access_token"))
	d.RecordSecret("refresh token", a.Text("refresh_token"))
	return a.Text("access_token")
}

// TestN13_ABoundTokenNeedsItsProofAtEveryProxy: each published example passes the proof to Usher and
// not to the API.
func TestN13_ABoundTokenNeedsItsProofAtEveryProxy(t *testing.T) {
	t.Parallel()
	key := josetest.New(t, "ES256", "")
	token := issueBound(t, key)
	const path = "/v1/videos"
	atEachProxy(t, func(t *testing.T, p proxy, rp *running) {
		call := func(scheme string, proof ...string) harness.Response {
			headers := []string{"Authorization", scheme + " " + token}
			for _, one := range proof {
				headers = append(headers, "DPoP", one)
			}
			return request(t, "GET", rp.url+path, "", headers...)
		}
		r := wantForwarded(t, call("DPoP", prove(t, key, "GET", path, token)))
		if r.Header.Get("Usher-Client-Id") != "vdo_client_abc123" || r.Header.Get("Authorization")+r.Header.Get("Dpop") != "" {
			t.Errorf("the API received %v", r.Header)
		}
		for what, a := range map[string]harness.Response{
			"as Bearer":       call("Bearer", prove(t, key, "GET", path, token)),
			"without a proof": call("DPoP"),
			"of another path": call("DPoP", prove(t, key, "GET", path+"/upload", token)),
			"of another key":  call("DPoP", prove(t, josetest.New(t, "ES256", ""), "GET", path, token)),
			"twice":           call("DPoP", prove(t, key, "GET", path, token), prove(t, key, "GET", path, token)),
		} {
			if what == "twice" && p.oneProof {
				continue
			}
			challenge := strings.Join(a.Header.Values("WWW-Authenticate"), ", ")
			if a.Status != http.StatusUnauthorized || !strings.Contains(challenge, `DPoP algs="ES256 EdDSA PS256 RS256"`) {
				t.Errorf("%s: %d with %q", what, a.Status, challenge)
			}
		}
		// Envoy asks two replicas, each of which stores the proofs that it accepted.
		used, accepted := prove(t, key, "GET", path, token), 0
		for range 3 {
			if call("DPoP", used).Status == http.StatusOK {
				accepted++
			}
		}
		if accepted == 0 || accepted == 3 {
			t.Errorf("a proof was accepted %d times", accepted)
		}
	})
}
