package authz_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// keyClient is the client of these tests.
const keyClient = "vdo_client_keys"

// keyBench is a bench with a client that authenticates with private_key_jwt.
type keyBench struct {
	*bench

	admin authzv1.AdministrationServiceClient
	// key is the registered key pair.
	key josetest.Signer
}

func newKeyBench(t *testing.T, change ...func(*authzv1.CreateClientRequest)) keyBench {
	t.Helper()
	return newKeyBenchWith(t, josetest.New(t, "ES256", "first"), change...)
}

func newKeyBenchWith(t *testing.T, key josetest.Signer, change ...func(*authzv1.CreateClientRequest)) keyBench {
	t.Helper()
	return newKeyBenchOn(t, newBench(t), key, change...)
}

func newKeyBenchOn(t *testing.T, on *bench, key josetest.Signer, change ...func(*authzv1.CreateClientRequest)) keyBench {
	t.Helper()
	b := keyBench{bench: on, key: key}
	b.admin = authzv1.NewAdministrationServiceClient(dial(t, b.network, "operator", "authz"))
	req := &authzv1.CreateClientRequest{
		ClientId: keyClient, Name: "With Keys", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, Jwks: josetest.Set(key),
		RedirectUris: []string{callback}, Scopes: []string{"videos:read"},
	}
	for _, edit := range change {
		edit(req)
	}
	res, err := b.admin.CreateClient(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if res.GetClientSecret() != "" || len(res.GetRegistration().GetSecrets()) != 0 {
		t.Error("a client with keys got a secret")
	}
	return b
}

// claims returns those of a valid assertion with some replaced, given as alternating names and
// values: nil removes a claim.
func (b keyBench) claims(change ...any) map[string]any {
	now := b.clock.Now().Unix()
	all := map[string]any{
		"iss": keyClient, "sub": keyClient, "aud": publicURL, "iat": now, "exp": now + 60, "jti": rand.Text(),
	}
	for i := 0; i+1 < len(change); i += 2 {
		name, _ := change[i].(string)
		all[name] = change[i+1]
	}
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// present sends an assertion.
func (b keyBench) present(t *testing.T, text string) error {
	t.Helper()
	return b.presentAs(t, "", text)
}

func (b keyBench) presentAs(t *testing.T, id, text string) error {
	t.Helper()
	res, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
		Assertion: &authzv1.ClientAssertion{ClientAssertion: text, ClientId: id},
	})
	if err == nil && res.GetClient().GetClientId() == "" {
		t.Error("the response names no client")
	}
	return err
}

// disable disables the client, as the token service does.
func (b keyBench) disable(t *testing.T) {
	t.Helper()
	admin := authzv1.NewAdministrationServiceClient(dial(t, b.network, "token", "authz"))
	if _, err := admin.ApplyDisableClient(t.Context(), &authzv1.ApplyDisableClientRequest{ClientId: keyClient}); err != nil {
		t.Fatal(err)
	}
}

// wantCause expects a refusal as INVALID_CLIENT with a cause, and the one message for all.
func wantCause(t *testing.T, what string, err error, want errorv1.Cause) {
	t.Helper()
	if oerr.Cause(err) != want || oerr.Reason(err) != errorv1.Reason_REASON_INVALID_CLIENT || oerr.Message(err) != "invalid client credentials" {
		t.Errorf("%s: %v (%s, %s), want %s", what, err, oerr.Reason(err), oerr.Cause(err), want)
	}
}

func wantAccepted(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v (%s), want it accepted", what, err, oerr.Cause(err))
	}
}

func TestN6_1_ClientIDIsOptionalAndEqualsTheSubject(t *testing.T) {
	b := newKeyBench(t)
	wantAccepted(t, "without client_id", b.present(t, b.key.Sign(t, nil, b.claims())))
	wantAccepted(t, "with client_id", b.presentAs(t, keyClient, b.key.Sign(t, nil, b.claims())))
	wantCause(t, "another client_id", b.presentAs(t, "vdo_client_abc123", b.key.Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_ASSERTION_ISSUER)
	_, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
		Credentials: []*authzv1.ClientCredentials{{ClientId: keyClient}},
		Assertion:   &authzv1.ClientAssertion{ClientAssertion: b.key.Sign(t, nil, b.claims())},
	})
	wantReason(t, "two methods", err, errorv1.Reason_REASON_INVALID_REQUEST)
}

func TestN6_2_EachSupportedAlgorithmIsAccepted(t *testing.T) {
	for _, algorithm := range oauth.SigningAlgorithms() {
		b := newKeyBenchWith(t, josetest.New(t, algorithm, "first"))
		wantAccepted(t, algorithm, b.present(t, b.key.Sign(t, nil, b.claims())))
	}
}

func TestN6_2_SizeAndForm(t *testing.T) {
	b := newKeyBench(t)
	good := b.key.Sign(t, nil, b.claims())
	padded := func(length int) string {
		token := b.key.Sign(t, nil, b.claims("x", ""))
		return b.key.Sign(t, nil, b.claims("x", strings.Repeat("x", (length-len(token))*3/4)))
	}
	if text := padded(8 << 10); len(text) > 8<<10 || len(text) < 8<<10-8 {
		t.Fatalf("the long assertion has %d bytes", len(text))
	}
	wantAccepted(t, "8 KiB", b.present(t, padded(8<<10)))
	malformed := errorv1.Cause_CAUSE_ASSERTION_MALFORMED
	wantCause(t, "more than 8 KiB", b.present(t, padded(8<<10+16)), malformed)
	parts := strings.Split(good, ".")
	for what, text := range map[string]string{
		"empty": "", "two parts": parts[0] + "." + parts[1], "four parts": good + ".x", "no payload": parts[0] + ".." + parts[2],
		"a line break": good[:5] + "\n" + good[5:], "a blank": " " + good, "padding": good + "=", "the other alphabet": parts[0] + "." + parts[1] + ".+/+/",
		"an array": b.key.Sign(t, nil, `["x"]`), "no JSON": b.key.Sign(t, nil, `x`), "two objects": b.key.Sign(t, nil, `{}{}`),
		"a claim twice":          b.key.Sign(t, nil, `{"sub":"vdo_client_keys","sub":"vdo_client_keys"}`),
		"a number as subject":    b.key.Sign(t, nil, b.claims("sub", 1)),
		"a text as expiry":       b.key.Sign(t, nil, b.claims("exp", "never")),
		"a number as audience":   b.key.Sign(t, nil, b.claims("aud", 1)),
		"a list of audiences":    b.key.Sign(t, nil, b.claims("aud", []any{1})),
		"a number as identifier": b.key.Sign(t, nil, b.claims("jti", 1)),
		"the type as a number":   b.key.Sign(t, map[string]any{"typ": 1}, b.claims()),
		"JSON serialization":     `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
	} {
		wantCause(t, what, b.present(t, text), malformed)
	}
	critical := b.key.Sign(t, map[string]any{"crit": []string{"x"}, "x": 1}, b.claims())
	wantCause(t, "an unknown critical header", b.present(t, critical), errorv1.Cause_CAUSE_ASSERTION_SIGNATURE)
	wantAccepted(t, "the assertion that was varied", b.present(t, good))
}

func TestN6_2_AlgorithmIsOneOfTheListAndOfTheClient(t *testing.T) {
	b := newKeyBench(t)
	rsa := josetest.New(t, "RS256", "rsa")
	if _, err := b.admin.AddClientKey(t.Context(), &authzv1.AddClientKeyRequest{ClientId: keyClient, Jwk: rsa.JWK()}); err != nil {
		t.Fatal(err)
	}
	refused := errorv1.Cause_CAUSE_ASSERTION_ALGORITHM
	for _, alg := range []any{"none", "None", "HS256", "RS384", "ES384", "RS1", "es256", "", nil} {
		wantCause(t, "an alg", b.present(t, b.key.Sign(t, map[string]any{"alg": alg}, b.claims())), refused)
	}
	wantAccepted(t, "any supported alg", b.present(t, rsa.Sign(t, nil, b.claims())))
	change := func(alg string) {
		t.Helper()
		_, err := b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{
			ClientId: keyClient, Jwks: josetest.Set(rsa), TokenEndpointAuthSigningAlg: &alg,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change("PS256")
	wantCause(t, "another alg than the registered one", b.present(t, rsa.Sign(t, nil, b.claims())), refused)
	rsa.Algorithm = "PS256"
	wantAccepted(t, "the registered alg", b.present(t, rsa.Sign(t, nil, b.claims())))
	change("")
	rsa.Algorithm = "RS256"
	wantAccepted(t, "any alg again", b.present(t, rsa.Sign(t, nil, b.claims())))
}

// TestN6_Trap_APublicKeyIsNoSecretOfHMAC: the confusion of RS256 and HS256, in every encoding of the
// public key that an attacker has.
func TestN6_Trap_APublicKeyIsNoSecretOfHMAC(t *testing.T) {
	b := newKeyBenchWith(t, josetest.New(t, "RS256", "first"))
	for _, secret := range []string{b.key.JWK(), josetest.Set(b.key), "", "first"} {
		for _, alg := range []string{"HS256", "RS256", "ES256"} {
			forged := josetest.HMAC([]byte(secret), "first").Sign(t, map[string]any{"alg": alg}, b.claims())
			if err := b.present(t, forged); oerr.Reason(err) != errorv1.Reason_REASON_INVALID_CLIENT {
				t.Errorf("HMAC as %s: %v", alg, err)
			}
		}
	}
}

// TestN6_Trap_TheHeaderChoosesNoKey: neither a key in the header nor an address of one is used
// (CVE-2026-16093 is a policy that an unverified header chose).
func TestN6_Trap_TheHeaderChoosesNoKey(t *testing.T) {
	b := newKeyBench(t)
	attacker := josetest.New(t, "ES256", "first")
	jwk := map[string]any{}
	if err := unmarshal(attacker.JWK(), &jwk); err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]any{
		"jwk": jwk, "jku": "https://attacker.test/keys", "x5u": "https://attacker.test/chain", "x5t": "x", "kid": "first",
	} {
		err := b.present(t, attacker.Sign(t, map[string]any{name: header}, b.claims()))
		wantCause(t, name, err, errorv1.Cause_CAUSE_ASSERTION_SIGNATURE)
	}
	wantAccepted(t, "a key's address is ignored", b.present(t, b.key.Sign(t, map[string]any{"jku": "https://attacker.test/keys"}, b.claims())))
}

func TestN6_2_KeyAndSignature(t *testing.T) {
	b := newKeyBench(t)
	other := josetest.New(t, "ES256", "first")
	signature, unknown := errorv1.Cause_CAUSE_ASSERTION_SIGNATURE, errorv1.Cause_CAUSE_ASSERTION_KEY_UNKNOWN
	wantCause(t, "another key with the kid", b.present(t, other.Sign(t, nil, b.claims())), signature)
	wantCause(t, "an unknown kid", b.present(t, b.key.Named("second").Sign(t, nil, b.claims())), unknown)
	wantCause(t, "the key's kid and another type", b.present(t, josetest.New(t, "EdDSA", "first").Sign(t, nil, b.claims())), unknown)
	wantCause(t, "another key without a kid", b.present(t, other.Named("").Sign(t, nil, b.claims())), signature)
	wantAccepted(t, "the key without a kid", b.present(t, b.key.Named("").Sign(t, nil, b.claims())))
	good := strings.Split(b.key.Sign(t, nil, b.claims()), ".")
	changed := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"vdo_client_keys"}`))
	wantCause(t, "other claims", b.present(t, good[0]+"."+changed+"."+good[2]), signature)
	wantCause(t, "no signature", b.present(t, good[0]+"."+good[1]+"."), signature)
	wantCause(t, "a client that does not exist", b.present(t, b.key.Sign(t, nil, b.claims("sub", "vdo_client_nobody"))), errorv1.Cause_CAUSE_CLIENT_UNKNOWN)
	wantCause(t, "no client identifier", b.present(t, b.key.Sign(t, nil, b.claims("sub", "https://x.test/"))), errorv1.Cause_CAUSE_CLIENT_UNKNOWN)
}

func TestN6_2_IssuerAndSubjectAreTheClient(t *testing.T) {
	b := newKeyBench(t)
	for _, issuer := range []any{nil, "", publicURL, "vdo_client_abc123", "vdo_client_KEYS", keyClient + " "} {
		wantCause(t, "iss", b.present(t, b.key.Sign(t, nil, b.claims("iss", issuer))), errorv1.Cause_CAUSE_ASSERTION_ISSUER)
	}
	wantCause(t, "no sub", b.present(t, b.key.Sign(t, nil, b.claims("sub", nil))), errorv1.Cause_CAUSE_CLIENT_UNKNOWN)
	// A client must not speak for another with a key of its own.
	wantCause(t, "another client's sub", b.present(t, b.key.Sign(t, nil, b.claims("iss", "vdo_client_abc123", "sub", "vdo_client_abc123"))),
		errorv1.Cause_CAUSE_ASSERTION_UNEXPECTED)
}

func TestN6_2_AudienceIsTheIssuer(t *testing.T) {
	b := newKeyBench(t)
	wantAccepted(t, "a list of one", b.present(t, b.key.Sign(t, nil, b.claims("aud", []string{publicURL}))))
	other, endpoint := errorv1.Cause_CAUSE_ASSERTION_AUDIENCE, errorv1.Cause_CAUSE_ASSERTION_AUDIENCE_ENDPOINT
	for _, row := range []struct {
		audience any
		want     errorv1.Cause
	}{
		{nil, other},
		{"", other},
		{[]string{}, other},
		{publicURL + "/", other},
		{strings.ToUpper(publicURL), other},
		{"https://attacker.test", other},
		{keyClient, other},
		{[]string{publicURL, publicURL}, other},
		{[]string{publicURL, "https://attacker.test"}, other},
		{[]string{"https://attacker.test", publicURL}, other},
		{publicURL + "/oauth/token", endpoint},
		{publicURL + "/oauth/introspect", endpoint},
		{"https://api.test/oauth/revoke/", endpoint},
		{[]string{publicURL, publicURL + "/oauth/token"}, endpoint},
	} {
		wantCause(t, "aud", b.present(t, b.key.Sign(t, nil, b.claims("aud", row.audience))), row.want)
	}
}

func TestN6_2_TimesHaveBounds(t *testing.T) {
	b := newKeyBench(t)
	at := func(d time.Duration) float64 { return float64(b.clock.Now().Add(d).UnixMilli()) / 1000 }
	expired, lifetime, notYet := errorv1.Cause_CAUSE_ASSERTION_EXPIRED, errorv1.Cause_CAUSE_ASSERTION_LIFETIME, errorv1.Cause_CAUSE_ASSERTION_NOT_YET
	for _, row := range []struct {
		claim string
		value any
		want  errorv1.Cause // unspecified is accepted
	}{
		{"exp", nil, lifetime},
		{"exp", at(0), expired},
		{"exp", at(-time.Second), expired},
		{"exp", -1e300, expired},
		{"exp", at(time.Second), 0},
		{"exp", at(6 * time.Minute), 0},
		{"exp", at(6*time.Minute + time.Second), lifetime},
		{"exp", 1e300, lifetime},
		{"exp", at(time.Minute) * 1000, lifetime}, // milliseconds
		{"iat", nil, 0},
		{"iat", at(-time.Hour), 0},
		{"iat", at(10 * time.Second), 0},
		{"iat", at(time.Minute), 0},
		{"iat", at(time.Minute + time.Second), notYet},
		{"nbf", at(10 * time.Second), 0},
		{"nbf", at(time.Minute), 0},
		{"nbf", at(time.Minute + time.Second), notYet},
	} {
		err := b.present(t, b.key.Sign(t, nil, b.claims(row.claim, row.value)))
		if row.want == errorv1.Cause_CAUSE_UNSPECIFIED {
			wantAccepted(t, row.claim, err)
			continue
		}
		wantCause(t, row.claim, err, row.want)
	}
}

func TestN6_2_IdentifierIsRequiredAndUsedOnce(t *testing.T) {
	b := newKeyBench(t)
	for _, id := range []any{nil, ""} {
		wantCause(t, "jti", b.present(t, b.key.Sign(t, nil, b.claims("jti", id))), errorv1.Cause_CAUSE_ASSERTION_ID_MISSING)
	}
	once := b.key.Sign(t, nil, b.claims("jti", "one", "exp", b.clock.Now().Add(6*time.Minute).Unix()))
	wantAccepted(t, "the first use", b.present(t, once))
	replayed := errorv1.Cause_CAUSE_ASSERTION_REPLAYED
	wantCause(t, "the second use", b.present(t, once), replayed)
	wantCause(t, "another assertion with the jti", b.present(t, b.key.Sign(t, nil, b.claims("jti", "one"))), replayed)
	b.clock.Advance(6*time.Minute - time.Second)
	wantCause(t, "until it expires", b.present(t, once), replayed)
	b.clock.Advance(time.Second)
	wantCause(t, "afterwards", b.present(t, once), errorv1.Cause_CAUSE_ASSERTION_EXPIRED)

	other := josetest.New(t, "ES256", "other")
	_, err := b.admin.CreateClient(t.Context(), &authzv1.CreateClientRequest{
		ClientId: "vdo_client_other", Name: "Other", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, Jwks: josetest.Set(other),
		ResourceServer: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, claims := range []map[string]any{b.claims("jti", "two"), b.claims("jti", "two", "iss", "vdo_client_other", "sub", "vdo_client_other")} {
		signer := b.key
		if claims["iss"] != keyClient {
			signer = other
		}
		wantAccepted(t, "the same jti of two clients", b.present(t, signer.Sign(t, nil, claims)))
	}
}

func TestN6_3_TypeIsThatOfAClientAssertion(t *testing.T) {
	b := newKeyBench(t)
	for _, typ := range []any{nil, "", "JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"} {
		wantAccepted(t, "a typ", b.present(t, b.key.Sign(t, map[string]any{"typ": typ}, b.claims())))
	}
	for _, typ := range []string{"dpop+jwt", "at+jwt", "oauth-authz-req+jwt", "logout+jwt", "secevent+jwt", "JOSE", "x"} {
		wantCause(t, typ, b.present(t, b.key.Sign(t, map[string]any{"typ": typ}, b.claims())), errorv1.Cause_CAUSE_ASSERTION_TYPE)
	}
}

// TestN6_5_TheRegisteredMethodIsBinding: neither kind of client authenticates in the other's way,
// nor a public one with a key.
func TestN6_5_TheRegisteredMethodIsBinding(t *testing.T) {
	b := newKeyBench(t)
	for _, sent := range []string{"", "vdo_secret_x"} {
		_, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Credentials: []*authzv1.ClientCredentials{{ClientId: keyClient, ClientSecret: sent}},
		})
		wantCause(t, "a secret", err, errorv1.Cause_CAUSE_ASSERTION_MISSING)
	}
	for _, id := range []string{"vdo_client_abc123", "vdo_client_public123"} {
		err := b.present(t, b.key.Sign(t, nil, b.claims("iss", id, "sub", id)))
		wantCause(t, id, err, errorv1.Cause_CAUSE_ASSERTION_UNEXPECTED)
	}
	b.disable(t)
	wantCause(t, "a disabled client", b.present(t, b.key.Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_CLIENT_DISABLED)
}

// TestN6_5_ASecretThatRelease01AddedIsNotAccepted: its administration does not know of keys.
func TestN6_5_ASecretThatRelease01AddedIsNotAccepted(t *testing.T) {
	b := newKeyBench(t)
	_, err := b.db.Exec(t.Context(), `INSERT INTO client_secrets (client_id, hash, created_at) SELECT $1, hash, 0 FROM client_secrets
WHERE client_id = 'vdo_client_abc123'`, keyClient)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
		Credentials: []*authzv1.ClientCredentials{{ClientId: keyClient, ClientSecret: "vdo_secret_xyz789"}},
	})
	wantCause(t, "a secret", err, errorv1.Cause_CAUSE_ASSERTION_MISSING)
	wantAccepted(t, "the key", b.present(t, b.key.Sign(t, nil, b.claims())))
}

// TestN6_8_ARefusedAssertionIsNotSpent: it is accepted once the cause of the refusal is gone.
func TestN6_8_ARefusedAssertionIsNotSpent(t *testing.T) {
	b := newKeyBench(t)
	text := b.key.Sign(t, nil, b.claims())
	wantCause(t, "another client_id", b.presentAs(t, "vdo_client_abc123", text), errorv1.Cause_CAUSE_ASSERTION_ISSUER)
	other := josetest.New(t, "ES256", "first").Sign(t, nil, b.claims("jti", "mine"))
	wantCause(t, "another key", b.present(t, other), errorv1.Cause_CAUSE_ASSERTION_SIGNATURE)
	early := b.key.Sign(t, nil, b.claims("nbf", b.clock.Now().Add(2*time.Minute).Unix(), "exp", b.clock.Now().Add(3*time.Minute).Unix(), "jti", "mine"))
	wantCause(t, "too early", b.present(t, early), errorv1.Cause_CAUSE_ASSERTION_NOT_YET)
	b.disable(t)
	wantCause(t, "disabled", b.present(t, text), errorv1.Cause_CAUSE_CLIENT_DISABLED)
	if _, err := b.admin.EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: keyClient}); err != nil {
		t.Fatal(err)
	}
	wantAccepted(t, "enabled", b.present(t, text))
	b.clock.Advance(90 * time.Second)
	wantAccepted(t, "in time", b.present(t, early))
}

func unmarshal(text string, into any) error { return json.Unmarshal([]byte(text), into) }
