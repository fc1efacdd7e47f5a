package fapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFAPI2_DpopNegativeTests: every proof that is not exactly one for this request is refused at the
// token endpoint, and the code stays redeemable.
func TestFAPI2_DpopNegativeTests(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, verifier := newClient(t, d), harness.NewVerifier()
		code := c.code(verifier)
		now := time.Now().Unix()
		good := c.proof("/oauth/token")
		parts := strings.Split(good, ".")
		other := c
		other.proofKey = josetest.New(t, "ES256", "")
		rsa := c
		rsa.proofKey = josetest.New(t, "RS256", "")
		claims := map[string]any{"jti": "a", "htm": "POST", "htu": d.PublicURL + "/oauth/token", "iat": now}
		for name, proofs := range map[string][]string{
			"none":                    nil,
			"two":                     {c.proof("/oauth/token"), c.proof("/oauth/token")},
			"two in one header":       {c.proof("/oauth/token") + ", " + c.proof("/oauth/token")},
			"not a JWT":               {"proof"},
			"typ JWT":                 {c.signProof(map[string]any{"typ": "JWT"}, claims)},
			"no typ":                  {c.signProof(map[string]any{"typ": nil}, claims)},
			"alg none":                {c.signProof(map[string]any{"alg": "none"}, claims)},
			"HMAC with the key":       {josetest.HMAC([]byte(c.proofKey.JWK()), "").Sign(t, map[string]any{"typ": "dpop+jwt", "jwk": json.RawMessage(c.proofKey.JWK())}, claims)},
			"RS256 in the profile":    {rsa.proof("/oauth/token")},
			"no key":                  {c.signProof(map[string]any{"jwk": nil}, claims)},
			"a private key":           {c.signProof(map[string]any{"jwk": json.RawMessage(c.proofKey.JWK("d", "AAAA"))}, claims)},
			"another key":             {c.signProof(map[string]any{"jwk": json.RawMessage(other.proofKey.JWK())}, claims)},
			"a changed signature":     {parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))},
			"a critical header":       {c.signProof(map[string]any{"crit": []string{"exp"}}, claims)},
			"htm GET":                 {c.proof("/oauth/token", "htm", "GET")},
			"no htm":                  {c.proof("/oauth/token", "htm", nil)},
			"htm in lower case":       {c.proof("/oauth/token", "htm", "post")},
			"htu of another endpoint": {c.proof("/oauth/par")},
			"htu of another host":     {c.proof("/oauth/token", "htu", "https://evil.example/oauth/token")},
			"no htu":                  {c.proof("/oauth/token", "htu", nil)},
			"a number as htu":         {c.proof("/oauth/token", "htu", 1)},
			"no jti":                  {c.proof("/oauth/token", "jti", nil)},
			"an old iat":              {c.proof("/oauth/token", "iat", now-120)},
			"a future iat":            {c.proof("/oauth/token", "iat", now+120)},
			"no iat":                  {c.proof("/oauth/token", "iat", nil)},
			"a text as iat":           {c.proof("/oauth/token", "iat", "now")},
			"a claim twice":           {c.signProof(nil, `{"jti":"a","htm":"GET","htm":"POST","htu":"`+d.PublicURL+`/oauth/token","iat":`+json.Number(itoa(now)).String()+`}`)},
			"too long":                {c.proof("/oauth/token", "more", strings.Repeat("x", 9000))},
			"an assertion":            {c.assertion()},
		} {
			wantError(t, name, c.exchange(code, verifier, proofs...), http.StatusBadRequest, "invalid_dpop_proof")
		}
		proof := c.proof("/oauth/token", "htu", strings.Replace(d.PublicURL, "http://", "HTTP://", 1)+"/oauth/./token?query#fragment")
		issued := c.exchange(code, verifier, proof)
		expect.Equal(t, "status with a proof whose URL is normalized", issued.Status, http.StatusOK)
		replayed := c.refresh(issued.Text("refresh_token"), proof)
		wantError(t, "a proof that was used", replayed, http.StatusBadRequest, "invalid_dpop_proof")
		asAssertion := c.post("/oauth/token", []string{c.proof("/oauth/token")}, "grant_type", "refresh_token",
			"refresh_token", issued.Text("refresh_token"), "client_assertion", c.proof("/oauth/token", "iss", c.id, "sub", c.id, "aud", d.PublicURL, "exp", now+60))
		wantError(t, "a proof as an assertion", asAssertion, http.StatusUnauthorized, "invalid_client")
	})
}

// TestFAPI2_5_4_1_AProofWithRS256IsRefusedAtPAR too, where it would bind the code. Only the profile excludes it.
func TestFAPI2_5_4_1_AProofWithRS256IsRefusedAtPAR(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, public := newClient(t, d), newPublic(t, d)
		for alg, accepted := range map[string]bool{"RS256": false, "PS256": true, "ES256": true, "EdDSA": true} {
			c.proofKey = josetest.New(t, alg, "")
			pushed := c.pushWith(harness.NewVerifier(), []string{c.proof("/oauth/par")})
			if accepted {
				expect.Equal(t, "status with "+alg, pushed.Status, http.StatusCreated)
				continue
			}
			wantError(t, alg, pushed, http.StatusBadRequest, "invalid_dpop_proof")
		}
		public.proofKey = josetest.New(t, "RS256", "")
		expect.Equal(t, "status without the profile", public.pushWith(harness.NewVerifier(), []string{public.proof("/oauth/par")}).Status, http.StatusCreated)
	})
}

func itoa(n int64) string {
	text, _ := json.Marshal(n) // a number always encodes
	return string(text)
}

// TestFAPI2_EnsureDpopProofWithIat10SecondsBeforeAndAfterSucceeds: clocks differ.
func TestFAPI2_EnsureDpopProofWithIat10SecondsBeforeAndAfterSucceeds(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		for _, offset := range []int64{-10, 10} {
			verifier := harness.NewVerifier()
			a := c.exchange(c.code(verifier), verifier, c.proof("/oauth/token", "iat", time.Now().Unix()+offset))
			expect.Equal(t, "status of the exchange", a.Status, http.StatusOK)
			token := a.Text("access_token")
			got := c.call("DPoP", token, c.apiProof(token, "iat", time.Now().Unix()+offset))
			expect.Equal(t, "status of the API", got.Status, http.StatusOK)
		}
	})
}

// TestFAPI2_EnsureHolderOfKeyRequired: a bound token is worth nothing without its key (RFC 9449 §7),
// and the challenge says why.
func TestFAPI2_EnsureHolderOfKeyRequired(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		token := c.tokens().Text("access_token")
		other := c
		other.proofKey = josetest.New(t, "EdDSA", "")
		used := c.apiProof(token)
		expect.Equal(t, "status with a proof", c.call("DPoP", token, used).Status, http.StatusOK)
		expect.Equal(t, "status in lower case", c.call("dpop", token, c.apiProof(token)).Status, http.StatusOK)
		for name, row := range map[string]struct {
			a         harness.Response
			challenge string
		}{
			"as a bearer":              {c.call("Bearer", token), `Bearer error="invalid_token"`},
			"as a bearer with a proof": {c.call("Bearer", token, c.apiProof(token)), `Bearer error="invalid_token"`},
			"without a proof":          {c.call("DPoP", token), `DPoP algs="ES256 EdDSA PS256 RS256", error="invalid_dpop_proof"`},
			"with two proofs":          {c.call("DPoP", token, c.apiProof(token), c.apiProof(token)), `error="invalid_dpop_proof"`},
			"with a used proof":        {c.call("DPoP", token, used), `error="invalid_dpop_proof"`},
			"with another key":         {c.call("DPoP", token, other.apiProof(token)), `DPoP algs="ES256 EdDSA PS256 RS256", error="invalid_token"`},
			"with another token's":     {c.call("DPoP", token, c.apiProof(token+"x")), `error="invalid_dpop_proof"`},
			"without ath":              {c.call("DPoP", token, c.apiProof(token, "ath", nil)), `error="invalid_dpop_proof"`},
			"for another method":       {c.call("DPoP", token, c.apiProof(token, "htm", "POST")), `error="invalid_dpop_proof"`},
			"for another path":         {c.call("DPoP", token, c.apiProof(token, "htu", d.PublicURL+"/v1/jobs")), `error="invalid_dpop_proof"`},
			"a dead token":             {c.call("DPoP", "dead", c.apiProof("dead")), `DPoP algs="ES256 EdDSA PS256 RS256", error="invalid_token"`},
		} {
			if got := row.a.Header.Get("WWW-Authenticate"); row.a.Status != http.StatusUnauthorized || !strings.Contains(got, row.challenge) ||
				!strings.HasPrefix(got, "Bearer ") || !strings.Contains(got, "resource_metadata=") {
				t.Errorf("%s: %d %q, want 401 %s", name, row.a.Status, got, row.challenge)
			}
		}
		public := newPublic(t, d)
		verifier := harness.NewVerifier()
		bearer := public.exchange(public.code(verifier), verifier)
		expect.Equal(t, "token_type without a proof", bearer.Text("token_type"), "Bearer")
		expect.Equal(t, "status of a bearer token", public.call("Bearer", bearer.Text("access_token")).Status, http.StatusOK)
		unbound := public.call("DPoP", bearer.Text("access_token"), public.apiProof(bearer.Text("access_token")))
		expect.Equal(t, "status of a bearer token as DPoP", unbound.Status, http.StatusUnauthorized)
		poor := c.post("/oauth/token", []string{c.proof("/oauth/token")}, "grant_type", "refresh_token", "refresh_token", "vdo_ort_x")
		wantError(t, "an invalid refresh token", poor, http.StatusBadRequest, "invalid_grant")
	})
}

// TestFAPI2_EnsureDpopAuthCodeBindingSuccess, and with another key or none (ensure-token-endpoint-fails-
// with-mismatched-dpop-jkt, and -dpop-proof-jkt). The header DPoP at PAR means the same.
func TestFAPI2_EnsureDpopAuthCodeBindingSuccess(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		other := c
		other.proofKey = josetest.New(t, "ES256", "")
		for name, push := range map[string]func(verifier string) harness.Response{
			"the parameter": func(v string) harness.Response { return c.push(v, "dpop_jkt", c.thumbprint()) },
			"the header":    func(v string) harness.Response { return c.pushWith(v, []string{c.proof("/oauth/par")}) },
			"both": func(v string) harness.Response {
				return c.pushWith(v, []string{c.proof("/oauth/par")}, "dpop_jkt", c.thumbprint())
			},
		} {
			verifier := harness.NewVerifier()
			a := push(verifier)
			if a.Status != http.StatusCreated {
				t.Fatalf("%s: %d %s", name, a.Status, a.Raw)
			}
			code := c.approve(d.NewBrowser(), c.address(a.Text("request_uri"))).Get("code")
			wantError(t, "another key after "+name, other.exchange(code, verifier, other.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
			expect.Equal(t, "status after "+name, c.exchange(code, verifier, c.proof("/oauth/token")).Status, http.StatusOK)
		}
		verifier := harness.NewVerifier()
		wantError(t, "a key and another one's proof", c.pushWith(verifier, []string{other.proof("/oauth/par")}, "dpop_jkt", c.thumbprint()), http.StatusBadRequest, "invalid_request")
		wantError(t, "a proof for another endpoint", c.pushWith(verifier, []string{c.proof("/oauth/token")}), http.StatusBadRequest, "invalid_dpop_proof")
		public := newPublic(t, d)
		request := harness.Request{ClientID: public.id, Scope: "videos:read", Verifier: verifier}
		page, err := d.NewBrowser().Get(request.Path() + "&dpop_jkt=x")
		expect.NoError(t, err)
		expect.Equal(t, "error of a malformed dpop_jkt", page.Query().Get("error"), "invalid_request")
		redirect := public.approve(d.NewBrowser(), request.Path()+"&dpop_jkt="+public.thumbprint())
		wantError(t, "no proof", public.exchange(redirect.Get("code"), verifier), http.StatusBadRequest, "invalid_grant")
		expect.Equal(t, "status with the proof", public.exchange(redirect.Get("code"), verifier, public.proof("/oauth/token")).Status, http.StatusOK)
	})
}

// TestFAPI2_RefreshToken: the profile does not rotate, and reuse is no evidence of theft there.
func TestFAPI2_RefreshToken(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		token := c.tokens().Text("refresh_token")
		var access []string
		for range 3 {
			a := c.refresh(token, c.proof("/oauth/token"))
			expect.Equal(t, "status of a refresh", a.Status, http.StatusOK)
			expect.Equal(t, "token_type", a.Text("token_type"), "DPoP")
			expect.Equal(t, "refresh token", a.Text("refresh_token"), token)
			access = append(access, a.Text("access_token"))
		}
		for _, one := range access {
			expect.Equal(t, "status with every access token", c.call("DPoP", one, c.apiProof(one)).Status, http.StatusOK)
		}
		wantError(t, "a refresh without a proof", c.refresh(token), http.StatusBadRequest, "invalid_dpop_proof")
		at := atOnce(6, func(int) harness.Response { return c.refresh(token, c.proof("/oauth/token")) })
		for _, a := range at {
			expect.Equal(t, "status of a concurrent refresh", a.Status, http.StatusOK)
			expect.Equal(t, "status with its token", c.call("DPoP", a.Text("access_token"), c.apiProof(a.Text("access_token"))).Status, http.StatusOK)
		}
		other := newClient(t, d)
		wantError(t, "another client", other.refresh(token, other.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
	})
}

// TestRFC9449_5_TheRefreshTokenOfAPublicClientIsBound: it is rotated, its successors are bound too, and
// a thief without the key neither gets tokens nor revokes any.
func TestRFC9449_5_TheRefreshTokenOfAPublicClientIsBound(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newPublic(t, d)
		thief := c
		thief.proofKey = josetest.New(t, "ES256", "")
		first := c.tokens().Text("refresh_token")
		second := c.refresh(first, c.proof("/oauth/token"))
		expect.Equal(t, "status of a refresh", second.Status, http.StatusOK)
		for _, token := range []string{first, second.Text("refresh_token")} {
			wantError(t, "another key", thief.refresh(token, thief.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
			wantError(t, "no key", thief.refresh(token), http.StatusBadRequest, "invalid_grant")
		}
		third := c.refresh(second.Text("refresh_token"), c.proof("/oauth/token"))
		expect.Equal(t, "status after a thief's tries", third.Status, http.StatusOK)
		wantError(t, "reuse by the client", c.refresh(first, c.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
		wantError(t, "the current token after a reuse", c.refresh(third.Text("refresh_token"), c.proof("/oauth/token")), http.StatusBadRequest, "invalid_grant")
	})
}

// TestRFC9449_6_2_IntrospectionNamesTheKey over HTTP.
func TestRFC9449_6_2_IntrospectionNamesTheKey(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		tokens := c.tokens()
		a, err := d.Form("/oauth/introspect", map[string][]string{"token": {tokens.Text("access_token")}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		cnf, _ := a.Body["cnf"].(map[string]any)
		expect.Equal(t, "token_type", a.Text("token_type"), "DPoP")
		expect.Equal(t, "cnf.jkt", cnf["jkt"], any(c.thumbprint()))
		bearer := newPublic(t, d)
		verifier := harness.NewVerifier()
		issued := bearer.exchange(bearer.code(verifier), verifier)
		a, err = d.Form("/oauth/introspect", map[string][]string{"token": {issued.Text("access_token")}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		if _, has := a.Body["cnf"]; has || a.Text("token_type") != "Bearer" {
			t.Errorf("a bearer token is %s", a.Raw)
		}
	})
}

// TestN13_4_IntrospectionAndAccessChecksOverGRPC name the key and require its proof.
func TestN13_4_IntrospectionAndAccessChecksOverGRPC(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		token := c.tokens().Text("access_token")
		conn, err := d.Dial("video-api", "token")
		expect.NoError(t, err)
		defer conn.Close()
		introspection, access := tokenv1.NewIntrospectionServiceClient(conn), tokenv1.NewAccessServiceClient(conn)
		one, err := introspection.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
		expect.NoError(t, err)
		expect.Equal(t, "cnf.jkt", one.GetCnf().GetJkt(), c.thumbprint())
		expect.Equal(t, "token_type", one.GetTokenType(), "DPoP")
		many, err := introspection.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: []string{token, "x"}})
		expect.NoError(t, err)
		expect.Equal(t, "cnf.jkt of a batch", many.GetAnswers()[0].GetCnf().GetJkt(), c.thumbprint())
		expect.Equal(t, "token_type of a batch", many.GetAnswers()[0].GetTokenType(), "DPoP")
		check := func(scheme bool, proofs ...string) *tokenv1.CheckAccessResponse {
			res, err := access.CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{
				Token: token, Method: http.MethodGet, Path: "/v1/videos", Dpop: proofs, DpopScheme: scheme,
			})
			expect.NoError(t, err)
			return res
		}
		used := c.apiProof(token)
		expect.Equal(t, "client of an access check", check(true, used).GetAllowed().GetClientId(), c.id)
		for what, res := range map[string]*tokenv1.CheckAccessResponse{
			"as Bearer": check(false), "as Bearer with a proof": check(false, c.apiProof(token)), "without a proof": check(true),
			"a used proof": check(true, used), "another path's": check(true, c.apiProof(token, "htu", d.PublicURL+"/v1/videos/upload")),
			"without ath": check(true, c.apiProof(token, "ath", nil)), "two proofs": check(true, c.apiProof(token), c.apiProof(token)),
		} {
			if denied := res.GetDenied(); denied.GetStatus() != http.StatusUnauthorized || !strings.Contains(denied.GetChallenge(), "DPoP algs=") {
				t.Errorf("%s: %v", what, res)
			}
		}
	})
}

// TestRace_AProofIsUsedOnce: of equal requests that are sent at once, one is served.
func TestRace_AProofIsUsedOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		tokens := c.tokens()
		count := func(responses []harness.Response) (served int) {
			for _, a := range responses {
				if a.Status == http.StatusOK {
					served++
				}
			}
			return served
		}
		proof := c.proof("/oauth/token")
		expect.Equal(t, "refreshes", count(atOnce(8, func(int) harness.Response { return c.refresh(tokens.Text("refresh_token"), proof) })), 1)
		token := tokens.Text("access_token")
		proof = c.apiProof(token)
		expect.Equal(t, "calls", count(atOnce(8, func(int) harness.Response { return c.call("DPoP", token, proof) })), 1)
	})
}
