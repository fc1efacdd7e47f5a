package enforce_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// prover makes proofs for GET https://api.test/v1/videos.
type prover struct {
	key        *ecdsa.PrivateKey
	jwk        string
	thumbprint string
}

func newProver(t testing.TB) prover {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, _ := key.PublicKey.Bytes() // a point of P-256 always encodes
	jwk := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, encoded(point[1:33]), encoded(point[33:]))
	sum := sha256.Sum256([]byte(jwk))
	return prover{key, jwk, encoded(sum[:])}
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p prover) proof(t testing.TB, token string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(token))
	signed := encoded([]byte(`{"typ":"dpop+jwt","alg":"ES256","jwk":`+p.jwk+`}`)) + "." + encoded(fmt.Appendf(nil,
		`{"jti":"%s","htm":"GET","htu":"https://api.test/v1/videos","iat":%d,"ath":"%s"}`, rand.Text(), time.Now().Unix(), encoded(sum[:])))
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encoded(append(fill(r), fill(s)...))
}

func fill(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// TestN13_4_EveryCombinationOfTokenSchemeAndProof.
func TestN13_4_EveryCombinationOfTokenSchemeAndProof(t *testing.T) {
	p, other := newProver(t), newProver(t)
	call := enforce.Call{Method: "GET", Origin: "https://api.test", Path: "/v1/videos"}
	const algs = `DPoP algs="ES256 EdDSA PS256 RS256"`
	used := p.proof(t, "token")
	proofs := enforce.NewProofs()
	for _, row := range []struct {
		name       string
		sent       enforce.Credential
		thumbprint string
		call       enforce.Call
		fault      enforce.KeyFault
		challenge  string
	}{
		{"a bearer token", enforce.Credential{Token: "token"}, "", call, 0, ""},
		{"a bearer token beside a proof", enforce.Credential{Token: "token", Proofs: []string{"x"}}, "", call, 0, ""},
		{"a bound token", enforce.Credential{Token: "token", DPoP: true, Proofs: []string{used}}, p.thumbprint, call, 0, ""},
		{
			"a used proof",
			enforce.Credential{Token: "token", DPoP: true, Proofs: []string{used}},
			p.thumbprint, call, enforce.InvalidProof,
			`Bearer, ` + algs + `, error="invalid_dpop_proof", error_description="The DPoP proof is missing or invalid: the DPoP proof was used before"`,
		},
		{
			"a bound token as a bearer",
			enforce.Credential{Token: "token", Proofs: []string{p.proof(t, "token")}},
			p.thumbprint, call, enforce.NeedsProof,
			`Bearer error="invalid_token", error_description="This token is bound to a key: send it as DPoP, with a proof", ` + algs,
		},
		{
			"a bearer token as DPoP",
			enforce.Credential{Token: "token", DPoP: true, Proofs: []string{p.proof(t, "token")}},
			"", call, enforce.NotBound,
			`Bearer, ` + algs + `, error="invalid_token", error_description="This token is not bound to a key: send it as Bearer"`,
		},
		{"no proof", enforce.Credential{Token: "token", DPoP: true}, p.thumbprint, call, enforce.InvalidProof, algs},
		{"two proofs", enforce.Credential{Token: "token", DPoP: true, Proofs: []string{p.proof(t, "token"), p.proof(t, "token")}}, p.thumbprint, call, enforce.InvalidProof, algs},
		{"another key", enforce.Credential{Token: "token", DPoP: true, Proofs: []string{other.proof(t, "token")}}, p.thumbprint, call, enforce.OtherKey, `error="invalid_token"`},
		{"another token", enforce.Credential{Token: "token", DPoP: true, Proofs: []string{p.proof(t, "other")}}, p.thumbprint, call, enforce.InvalidProof, algs},
		{"another path", enforce.Credential{Token: "token", DPoP: true, Proofs: []string{p.proof(t, "token")}}, p.thumbprint, enforce.Call{Method: "GET", Origin: "https://api.test", Path: "/v1/x"}, enforce.InvalidProof, algs},
	} {
		d := proofs.Confirm(t.Context(), row.sent, row.thumbprint, row.call)
		switch {
		case row.fault == 0 && d == nil:
		case d == nil || d.Status != 401 || d.KeyFault() != row.fault || !strings.Contains(d.Challenge, row.challenge):
			t.Errorf("%s: %+v, want fault %d and %s", row.name, d, row.fault, row.challenge)
		}
	}
}

// TestRFC9449_7_1_AServiceThatChecksNoProofAsksForNone: a client that is asked for its token as
// DPoP would send it so, and be refused again.
func TestRFC9449_7_1_AServiceThatChecksNoProofAsksForNone(t *testing.T) {
	p, proofs, call := newProver(t), enforce.NewProofs(), enforce.Call{Method: "GET", Path: "/v1/videos"}
	for name, row := range map[string]struct {
		sent       enforce.Credential
		thumbprint string
		fault      enforce.KeyFault
		message    string
	}{
		"a bound token as a bearer": {enforce.Credential{Token: "token"}, p.thumbprint, enforce.NeedsProof, "This service accepts no token that is bound to a key"},
		"a bound token as DPoP": {
			enforce.Credential{Token: "token", DPoP: true, Proofs: []string{p.proof(t, "token")}},
			p.thumbprint, enforce.NeedsProof, "This service accepts no token that is bound to a key",
		},
		"a bearer token as DPoP": {enforce.Credential{Token: "token", DPoP: true}, "", enforce.NotBound, "This token is not bound to a key: send it as Bearer"},
	} {
		d := proofs.Confirm(t.Context(), row.sent, row.thumbprint, call)
		if want := `Bearer error="invalid_token", error_description="` + row.message + `"`; d == nil || d.Status != 401 || d.KeyFault() != row.fault || d.Challenge != want {
			t.Errorf("%s: %+v, want fault %d and %s", name, d, row.fault, want)
		}
	}
	if d := proofs.Confirm(t.Context(), enforce.Credential{Token: "token"}, "", call); d != nil {
		t.Errorf("a bearer token: %+v", d)
	}
}

// broken is a record that cannot be read.
type broken struct{}

func (broken) Use(context.Context, dpop.Proof) (bool, error) { return false, errors.New("down") }

// TestN13_6_WithoutARecordARequestIsRefused, and not served.
func TestN13_6_WithoutARecordARequestIsRefused(t *testing.T) {
	p := newProver(t)
	proofs := &enforce.Proofs{Replays: broken{}}
	d := proofs.Confirm(t.Context(), enforce.Credential{Token: "token", DPoP: true, Proofs: []string{p.proof(t, "token")}}, p.thumbprint,
		enforce.Call{Method: "GET", Origin: "https://api.test", Path: "/v1/videos"})
	if d == nil || d.Status != 503 || d.Challenge != "" {
		t.Errorf("%+v, want 503", d)
	}
}

// TestRFC9449_7_1_TheHeadersAreRead: the scheme in any case, and nothing of a header that another
// server may read differently.
func TestRFC9449_7_1_TheHeadersAreRead(t *testing.T) {
	for _, row := range []struct {
		authorizations []string
		want           enforce.Credential
	}{
		{nil, enforce.Credential{}},
		{[]string{"Bearer a"}, enforce.Credential{Token: "a"}},
		{[]string{"DPoP a"}, enforce.Credential{Token: "a", DPoP: true}},
		{[]string{"dpop  a "}, enforce.Credential{Token: "a", DPoP: true}},
		{[]string{"DPoP"}, enforce.Credential{DPoP: true}},
		{[]string{"DPoP a b"}, enforce.Credential{Token: enforce.Malformed, DPoP: true}},
		{[]string{"DPoP a", "Bearer a"}, enforce.Credential{Token: enforce.Malformed}},
		{[]string{"Basic a"}, enforce.Credential{}},
	} {
		got := enforce.ReadCredential(row.authorizations, nil)
		if got.Token != row.want.Token || got.DPoP != row.want.DPoP {
			t.Errorf("%q is %+v, want %+v", row.authorizations, got, row.want)
		}
		if token, sent := enforce.Bearer(row.authorizations); got.DPoP && (token != "" || sent) {
			t.Errorf("%q has a bearer token %q", row.authorizations, token)
		}
	}
}

// TestABearerTokenIsConfirmedWithoutAnAllocation: the path of every request stays as it was.
func TestABearerTokenIsConfirmedWithoutAnAllocation(t *testing.T) {
	proofs, header := enforce.NewProofs(), []string{"Bearer token"}
	if n := testing.AllocsPerRun(100, func() {
		if proofs.Confirm(t.Context(), enforce.ReadCredential(header, nil), "", enforce.Call{}) != nil {
			t.Error("a bearer token is refused")
		}
	}); n > 0 {
		t.Errorf("it takes %v allocations", n)
	}
}

// TestRFC9449_7_1_AMissingScopeIsChallengedInTheSchemeOfTheToken.
func TestRFC9449_7_1_AMissingScopeIsChallengedInTheSchemeOfTheToken(t *testing.T) {
	d := enforce.RequireScope(enforce.Subject{Kind: enforce.AccessToken, Bound: true, Proved: true}, "videos:read")
	if !strings.HasPrefix(d.Challenge, `DPoP algs="ES256 EdDSA PS256 RS256", error="insufficient_scope", scope="videos:read"`) {
		t.Errorf("the challenge is %s", d.Challenge)
	}
}

// TestRFC9449_7_2_ABoundTokenWithoutItsProofIsRefused: code that introspects a token and compares scopes
// would accept a stolen one.
func TestRFC9449_7_2_ABoundTokenWithoutItsProofIsRefused(t *testing.T) {
	s := enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:read"}, Plan: "pro", Audience: []string{api}, Bound: true}
	rules, resource := twoResources(t), enforce.Resource{ID: api, Metadata: apiMeta}
	for name, decide := range map[string]func(enforce.Subject) *enforce.Denial{
		"one scope":           func(s enforce.Subject) *enforce.Denial { return enforce.RequireScope(s, "videos:read") },
		"one of a resource":   func(s enforce.Subject) *enforce.Denial { return resource.RequireScope(s, "videos:read") },
		"a scope that it has": func(s enforce.Subject) *enforce.Denial { return rules.Decide(s, "GET", "/v1/videos") },
		"no such path":        func(s enforce.Subject) *enforce.Denial { return rules.Decide(s, "GET", "/v1/nothing") },
	} {
		d := decide(s)
		if statusOf(d) != 401 || d.KeyFault() != enforce.NeedsProof || strings.Contains(d.Challenge, "DPoP") || !strings.Contains(d.Challenge, `error="invalid_token"`) {
			t.Errorf("%s: %+v", name, d)
		}
		proved := s
		proved.Proved = true
		if d := decide(proved); d != nil && (name != "no such path" || d.Status != 404) {
			t.Errorf("%s, with a proof: %+v", name, d)
		}
	}
}

var _ dpop.Replays = broken{}
