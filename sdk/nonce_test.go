package usher_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/dpop"
	"github.com/vidocu/usher/sdk/httpauth"
)

// proofWithNonce is boundTo.proof with a nonce.
func (b boundTo) proofWithNonce(method, address, nonce string) string {
	return b.proofOf("live", method, address, nonce)
}

// proofOf returns a new proof for a request with a token and a nonce.
func (b boundTo) proofOf(token, method, address, nonce string) string {
	sum := sha256.Sum256([]byte(token))
	signed := base64URL([]byte(`{"typ":"dpop+jwt","alg":"EdDSA","jwk":`+b.jwk+`}`)) + "." + base64URL(fmt.Appendf(nil,
		`{"jti":"%s","htm":"%s","htu":"%s","iat":%d,"ath":"%s","nonce":"%s"}`, rand.Text(), method, address, time.Now().Unix(), base64URL(sum[:]), nonce))
	return signed + "." + base64URL(ed25519.Sign(b.key, []byte(signed)))
}

// wantNonce checks a refusal that asks for a nonce (RFC 9449 §9), and returns the nonce.
func wantNonce(t *testing.T, what string, res *httptest.ResponseRecorder) string {
	t.Helper()
	nonces, challenge := res.Header().Values("DPoP-Nonce"), res.Header().Get("WWW-Authenticate")
	if res.Code != http.StatusUnauthorized || len(nonces) != 1 || !strings.Contains(challenge, `error="use_dpop_nonce"`) {
		t.Fatalf("%s: %d with %q and the nonces %q", what, res.Code, challenge, nonces)
	}
	return nonces[0]
}

// TestRFC9449_9_WithNoncesAProofNeedsOne: the middleware sends a nonce, with which the client repeats the
// request. A nonce of another server, an old one and a used proof are refused.
func TestRFC9449_9_WithNoncesAProofNeedsOne(t *testing.T) {
	const address = "https://api.test/reports"
	b := newBound(t)
	key := []byte(strings.Repeat("k", 32))
	guard := httpauth.RequireScope(b, "videos:read", httpauth.WithOrigin("https://api.test"), httpauth.WithNonces(dpop.NewNonces(key)))(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	send := func(proof string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("Authorization", "DPoP live")
		r.Header.Set("DPoP", proof)
		w := httptest.NewRecorder()
		guard.ServeHTTP(w, r)
		return w
	}
	nonce := wantNonce(t, "no nonce", send(b.proof("GET", address)))
	used := b.proofWithNonce("GET", address, nonce)
	if got := send(used); got.Code != http.StatusNoContent || got.Header().Get("DPoP-Nonce") != "" {
		t.Errorf("with the nonce: %d %s", got.Code, got.Body)
	}
	if again := send(used); again.Code != http.StatusUnauthorized || again.Header().Get("DPoP-Nonce") != "" {
		t.Errorf("the same proof again: %d with %q", again.Code, again.Header().Get("DPoP-Nonce"))
	}
	replica := dpop.NewNonces(key).Issue(time.Now())
	if got := send(b.proofWithNonce("GET", address, replica)); got.Code != http.StatusNoContent {
		t.Errorf("with the nonce of a replica: %d %s", got.Code, got.Body)
	}
	for what, bad := range map[string]string{
		"another server's": dpop.NewNonces([]byte(strings.Repeat("x", 32))).Issue(time.Now()),
		"an old one":       dpop.NewNonces(key).Issue(time.Now().Add(-time.Hour)),
		"one of tomorrow":  dpop.NewNonces(key).Issue(time.Now().Add(24 * time.Hour)),
		"a text":           "nonce", "an empty one": "",
	} {
		wantNonce(t, what, send(b.proofWithNonce("GET", address, bad)))
	}
}

// TestRFC9449_9_WithProofNoncesAProofNeedsOne, also where the client decides by the catalog; the denial has the
// nonce of the next proof.
func TestRFC9449_9_WithProofNoncesAProofNeedsOne(t *testing.T) {
	b, server := newBound(t), withResources()
	client := ready(t, server, usher.WithProofNonces(dpop.NewNonces([]byte(strings.Repeat("k", 32)))))
	bound := facts()
	bound.Cnf, bound.Aud = &tokenv1.Confirmation{Jkt: b.thumbprint}, []string{"https://api.test/v1"}
	token := server.Issue(bound)
	check := func(nonce string) (*usher.Token, error) {
		return client.CheckRequest(t.Context(), usher.Request{Method: http.MethodGet, Path: "/v1/videos", Credential: enforce.Credential{
			Token: token, DPoP: true, Proofs: []string{b.proofOf(token, http.MethodGet, "https://api.test/v1/videos", nonce)},
		}})
	}
	_, err := check("none")
	var d *enforce.Denial
	if !errors.As(err, &d) || d.Status != http.StatusUnauthorized || d.Nonce == "" || !strings.Contains(d.Challenge, `error="use_dpop_nonce"`) {
		t.Fatalf("without a nonce: %+v, %v", d, err)
	}
	if got, err := check(d.Nonce); err != nil || got.Thumbprint != b.thumbprint {
		t.Errorf("with the nonce: %+v, %v", got, err)
	}
}
