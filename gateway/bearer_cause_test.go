package gateway_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// TestFault_D3_ARefusalOfUserInfoHasItsCause, as one of the API has, with the client where it is known.
func TestFault_D3_ARefusalOfUserInfoHasItsCause(t *testing.T) {
	p := withRequestIDs(t, func(d *gateway.Deps) {
		d.OpenID, d.Catalog = true, catalog.Fixed(catalog.Default().At("https://login.test"))
	})
	inactive := oerr.New(errorv1.Reason_REASON_INVALID_ACCESS_TOKEN, "the access token is not active")
	bound := &tokenv1.GetUserInfoResponse{Sub: "usr_1", DpopJkt: "key", ClientId: "vdo_client_sentinel"}
	narrow := &tokenv1.GetUserInfoResponse{ClientId: "vdo_client_sentinel", Scopes: []string{"videos:read"}, Audience: []string{"https://login.test/v1"}}
	elsewhere := &tokenv1.GetUserInfoResponse{
		ClientId: "vdo_client_sentinel", Scopes: []string{"openid"}, Audience: []string{"https://mcp.test/mcp"},
	}
	dead := secret.Generate("vdo_oat_").Reveal()
	const form = "application/x-www-form-urlencoded"
	for _, row := range []struct {
		method, kind, body, bearer string
		res                        *tokenv1.GetUserInfoResponse
		err                        error
		want                       string
	}{
		{"GET", "", "", "", nil, nil, "cause=access_token_missing"},
		{"GET", "", "", dead, nil, inactive, "cause=access_token_inactive"},
		{"GET", "", "", "vdo_ort_x", nil, inactive, "cause=access_token_is_refresh_token"},
		{"GET", "", "", secret.Generate("vdo_live_").Reveal(), nil, inactive, "cause=access_token_malformed"}, // a key may be active elsewhere
		{"GET", "", "", "two words", nil, nil, "cause=access_token_malformed"},
		{"GET", "", "", "vdo_oat_x", bound, nil, "cause=access_token_needs_proof client_id=vdo_client_sentinel"},
		{"GET", "", "", "vdo_oat_x", narrow, nil, "cause=userinfo_scope client_id=vdo_client_sentinel"},
		{"GET", "", "", "vdo_oat_x", elsewhere, nil, "cause=access_token_other_resource client_id=vdo_client_sentinel"},
		{"GET", "", "", "vdo_oat_x", nil, oerr.Unavailable(nil), "cause=dependency_unavailable"},
		{"POST", form, "access_token=vdo_oat_x", "vdo_oat_x", nil, nil, "cause=parameter_repeated field=access_token"},
		{"POST", form, "access_token=a&access_token=b", "", nil, nil, "cause=parameter_repeated field=access_token"},
		{"POST", form, "access_token=%zz", "", nil, nil, "cause=body_malformed"},
		{"POST", form, strings.Repeat("x", 64<<10+1), "", nil, nil, "cause=body_too_large"},
	} {
		p.logs.Reset()
		p.respond("GetUserInfo", row.res, row.err)
		header := []string{"Content-Type", row.kind}
		if row.bearer != "" {
			header = append(header, "Authorization", "Bearer "+row.bearer)
		}
		w := p.program(row.method, "/oauth/userinfo", row.body, header...)
		if line := refusalLine(p.logs.String()); w.Code == http.StatusOK || !strings.Contains(line, row.want) {
			t.Errorf("%s %.40s with %q: %d, the line is %q, want %s", row.method, row.body, row.bearer, w.Code, line, row.want)
		}
	}
}

// TestN13_4_UserInfoRefusesATokenAsTheAPIDoes: the proof of its key comes first, the 403 has the scheme of the token
// and all its scopes, and each challenge the scope that is needed.
func TestN13_4_UserInfoRefusesATokenAsTheAPIDoes(t *testing.T) {
	p := newBrowser(t, func(d *gateway.Deps) {
		d.OpenID, d.Catalog = true, catalog.Fixed(catalog.Default().At("https://login.test"))
	})
	const api, other = "https://login.test/v1", "https://mcp.test/mcp"
	answer := func(scope, key string, audience ...string) *tokenv1.GetUserInfoResponse {
		return &tokenv1.GetUserInfoResponse{Scopes: strings.Fields(scope), Audience: audience, DpopJkt: key}
	}
	inactive := oerr.New(errorv1.Reason_REASON_INVALID_ACCESS_TOKEN, "the access token is not active")
	for what, row := range map[string]struct {
		scheme string
		res    *tokenv1.GetUserInfoResponse
		err    error
		status int
		want   []string
	}{
		"without openid":       {"Bearer", answer("videos:read jobs:read", "", api), nil, 403, []string{`Bearer error="insufficient_scope", scope="openid videos:read jobs:read"`}},
		"for another resource": {"Bearer", answer("openid email", "", other), nil, 401, []string{`Bearer error="invalid_token", scope="openid"`, "This token was issued for " + other}},
		"both":                 {"Bearer", answer("videos:read", "", other), nil, 401, []string{`Bearer error="invalid_token", scope="openid"`}},
		"bound, without openid and without a proof": {"DPoP", answer("videos:read", "key", api), nil, 401, []string{`Bearer scope="openid", DPoP algs="`, `error="invalid_dpop_proof"`}},
		"bound, without openid, as a bearer":        {"Bearer", answer("videos:read", "key", api), nil, 401, []string{`Bearer error="invalid_token", scope="openid"`, `DPoP algs="`}},
		"not active, with DPoP":                     {"DPoP", nil, inactive, 401, []string{`Bearer scope="openid", DPoP algs="`, `error="invalid_token"`}},
	} {
		p.respond("GetUserInfo", row.res, row.err)
		w := p.program(http.MethodGet, "/oauth/userinfo", "", "Authorization", row.scheme+" vdo_oat_x")
		challenge := w.Header().Get("WWW-Authenticate")
		for _, want := range row.want {
			if w.Code != row.status || !strings.Contains(challenge, want) || strings.Contains(w.Body.String(), "sub") {
				t.Errorf("%s: %d, challenge %s, want %s", what, w.Code, challenge, want)
			}
		}
	}
}

// nonces is a checker that confirms proofs of any token, which need a nonce.
type nonces struct{ proofs *enforce.Proofs }

func (n nonces) CheckRequest(ctx context.Context, r usher.Request) (*usher.Token, error) {
	thumbprint := "of another key"
	return nil, n.proofs.Confirm(ctx, r.Credential, thumbprint, enforce.Call{Method: r.Method, Origin: "https://login.test", Path: r.Path})
}

// TestFault_D3_AProofWithoutANonceIsNoInvalidProof: the client only has to send it once more.
func TestFault_D3_AProofWithoutANonceIsNoInvalidProof(t *testing.T) {
	proofs := enforce.NewProofs()
	proofs.Nonces = dpop.NewNonces([]byte(strings.Repeat("k", 32)))
	p := withRequestIDs(t, func(d *gateway.Deps) { d.Checker = nonces{proofs} })
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.RawURLEncoding.EncodeToString
	hash := sha256.Sum256([]byte("vdo_oat_x"))
	signed := encoded(fmt.Appendf(nil, `{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"%s"}}`, encoded(public))) + "." +
		encoded(fmt.Appendf(nil, `{"jti":"%s","htm":"GET","htu":"https://login.test/v1/videos","iat":%d,"ath":"%s"}`, rand.Text(), time.Now().Unix(), encoded(hash[:])))
	proof := signed + "." + encoded(ed25519.Sign(key, []byte(signed)))
	for sent, want := range map[string]string{proof: "cause=proof_nonce", "not a proof": "cause=access_token_proof_invalid"} {
		p.logs.Reset()
		w := p.program(http.MethodGet, "/v1/videos", "", "Authorization", "DPoP vdo_oat_x", "DPoP", sent)
		if line := refusalLine(p.logs.String()); w.Code != http.StatusUnauthorized || !strings.Contains(line, want) {
			t.Errorf("%.20s: %d, the line is %q, want %s", sent, w.Code, line, want)
		}
	}
}

// TestUserInfoSaysWhereItReadsTheToken, and names no API key, which it does not take.
func TestUserInfoSaysWhereItReadsTheToken(t *testing.T) {
	p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w := p.program(method, "/oauth/userinfo", "")
		body := w.Body.String()
		if w.Code != http.StatusUnauthorized || !strings.Contains(body, "Missing access token: send it in the Authorization header, or as access_token in a form") {
			t.Errorf("%s: %d %s", method, w.Code, body)
		}
	}
}

// TestFault_D3_ABrokenFormIsABody: it was the query that was called malformed.
func TestFault_D3_ABrokenFormIsABody(t *testing.T) {
	p := withConsoleOf(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.Development = true })
	const path = appPages + "/manifest"
	token := csrf(t, p.get(path))
	for _, to := range []string{path, path + "/upload"} {
		whole := uploadRequest(t, to, map[string]string{"csrf_token": token}, "name: x")
		cut := httptest.NewRequest(http.MethodPost, whole.URL.String(), io.LimitReader(whole.Body, whole.ContentLength/2))
		cut.Header = whole.Header
		if to == path {
			cut = httptest.NewRequest(http.MethodPost, whole.URL.String(), strings.NewReader("csrf_token=%zz"))
			cut.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		p.logs.Reset()
		w := p.send(cut)
		if line := refusalLine(p.logs.String()); w.Code != http.StatusBadRequest || !strings.Contains(line, "cause=body_malformed") {
			t.Errorf("%s: %d, the line is %q", to, w.Code, line)
		}
	}
}
