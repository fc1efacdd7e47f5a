package authz_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// wantField expects INVALID_REQUEST about a field, with a text in its message.
func wantField(t *testing.T, what string, err error, field, text string) {
	t.Helper()
	if oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST || oerr.Field(err) != field || !strings.Contains(oerr.Message(err), text) {
		t.Errorf("%s: %v about %q, want %q about %s", what, err, oerr.Field(err), text, field)
	}
}

// jwk returns a JWK of the given members.
func jwk(members ...string) string { return `{"keys":[{` + strings.Join(members, ",") + `}]}` }

func rsaKey(t *testing.T, bits int) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return jwk(`"kty":"RSA","e":"AQAB"`, fmt.Sprintf(`"n":%q`, base64.RawURLEncoding.EncodeToString(private.N.Bytes())))
}

func curveKey(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	return jwk(`"kty":"EC","crv":"P-384"`, fmt.Sprintf(`"x":%q,"y":%q`, text(point[1:49]), text(point[49:])))
}

func TestN6_6_AKeyThatCannotBeUsedIsNotRegistered(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // to generate a key that is too short
	b := newKeyBench(t)
	key, other := josetest.New(t, "ES256", "a"), josetest.New(t, "EdDSA", "b")
	for text, jwks := range map[string]string{
		"is not a JWK Set":               key.JWK(),
		"must have one to 2 keys":        `{"keys":[]}`,
		"more than 32 keys":              `{"keys":[` + strings.Repeat("1,", 32) + `1]}`,
		"key number 2, which is not a":   `{"keys":[` + key.JWK() + `,1]}`,
		"the same kid":                   josetest.Set(key, other.Named("a")),
		"the member d of a private":      `{"keys":[` + key.JWK("d", "AAAA") + `]}`,
		"the member k of a private":      jwk(`"kty":"oct"`, `"k":"AAAA"`),
		"a use other than sig":           `{"keys":[` + key.JWK("use", "enc") + `]}`,
		"an alg that is not supported":   `{"keys":[` + key.JWK("alg", "ES384") + `]}`,
		"for its type":                   `{"keys":[` + key.JWK("alg", "RS256") + `]}`,
		"RSA key of 1024 bits":           rsaKey(t, 1024),
		"another curve than P-256":       curveKey(t),
		"not a JWK of an RSA, EC or OKP": jwk(`"kty":"EC","crv":"P-256","x":"AA","y":"AA"`),
		"a kid of more than 256 bytes":   `{"keys":[` + key.Named(strings.Repeat("x", 257)).JWK() + `]}`,
	} {
		_, err := b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: keyClient, Jwks: jwks})
		wantField(t, text, err, "jwks", text)
	}
	_, err := b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: keyClient, Jwks: josetest.Set(key.Named("a\nb"))})
	wantField(t, "a kid with a line break", err, "kid", "printable")
	wantAccepted(t, "the key as before", b.present(t, b.key.Sign(t, nil, b.claims())))
}

func TestN6_6_AClientHasOneSourceOfKeys(t *testing.T) {
	b := newKeyBench(t)
	set, alg, uri := josetest.Set(b.key), "RS256", "https://keys.test/"
	create := func(change func(*authzv1.CreateClientRequest)) error {
		req := &authzv1.CreateClientRequest{
			Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{callback}, Scopes: []string{"videos:read"},
		}
		change(req)
		_, err := b.admin.CreateClient(t.Context(), req)
		return err
	}
	wantField(t, "both", create(func(r *authzv1.CreateClientRequest) { r.Jwks, r.JwksUri = set, uri }), "jwks_uri", "excludes jwks")
	wantField(t, "a public client", create(func(r *authzv1.CreateClientRequest) {
		r.Jwks, r.Type = set, authzv1.ClientType_CLIENT_TYPE_PUBLIC
	}), "jwks", "confidential")
	wantField(t, "an algorithm alone", create(func(r *authzv1.CreateClientRequest) { r.TokenEndpointAuthSigningAlg = "ES256" }),
		"token_endpoint_auth_signing_alg", "needs jwks")
	wantField(t, "an unknown algorithm", create(func(r *authzv1.CreateClientRequest) { r.Jwks, r.TokenEndpointAuthSigningAlg = set, "HS256" }),
		"token_endpoint_auth_signing_alg", "must be ES256")
	wantField(t, "another key's algorithm", create(func(r *authzv1.CreateClientRequest) { r.Jwks, r.TokenEndpointAuthSigningAlg = set, alg }),
		"token_endpoint_auth_signing_alg", `"first"`)
	_, err := b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: keyClient, TokenEndpointAuthSigningAlg: &alg})
	wantField(t, "an update to it", err, "token_endpoint_auth_signing_alg", `"first"`)
	_, err = b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: "vdo_client_public123", JwksUri: uri})
	wantField(t, "keys of a public client", err, "jwks", "confidential")
	_, err = b.admin.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: keyClient})
	wantField(t, "a secret beside keys", err, "client_id", "replace_keys")
}

func TestN6_6_OneKeyReplacesAnother(t *testing.T) {
	b := newKeyBench(t)
	second, third := josetest.New(t, "RS256", "second"), josetest.New(t, "EdDSA", "third")
	add := func(signer josetest.Signer, seconds int64) (*authzv1.Registration, error) {
		res, err := b.admin.AddClientKey(t.Context(), &authzv1.AddClientKeyRequest{
			ClientId: keyClient, Jwk: signer.JWK(), Name: "the " + signer.ID, LifetimeSeconds: seconds,
		})
		return res.GetRegistration(), err
	}
	got, err := add(second, 3600)
	if err != nil || len(got.GetKeys()) != 2 || got.GetTokenEndpointAuthMethod() != "private_key_jwt" {
		t.Fatalf("%v, %v", got, err)
	}
	for _, key := range got.GetKeys() {
		switch key.GetKid() {
		case "first":
			if key.GetName() != "first" || key.GetKty() != "EC" || key.GetExpireTime() != nil || key.GetLastUseTime() != nil {
				t.Errorf("the first key is %v", key)
			}
		case "second":
			if key.GetName() != "the second" || key.GetKty() != "RSA" || key.GetExpireTime().AsTime().Sub(key.GetCreateTime().AsTime()).Hours() != 1 {
				t.Errorf("the second key is %v", key)
			}
		}
	}
	for _, signer := range []josetest.Signer{b.key, second} {
		wantAccepted(t, "both keys", b.present(t, signer.Sign(t, nil, b.claims())))
	}
	_, err = add(third, 0)
	wantField(t, "a third key", err, "client_id", "has 2 keys")
	_, err = add(second, 0)
	wantField(t, "a key of the client", err, "client_id", "has 2 keys")
	remove := func(id string) error {
		_, err := b.admin.RemoveClientKey(t.Context(), &authzv1.RemoveClientKeyRequest{ClientId: keyClient, Kid: id})
		return err
	}
	wantField(t, "a key that is not there", remove("none"), "kid", "not one of")
	wantAccepted(t, "removing the first", remove("first"))
	wantCause(t, "the removed key", b.present(t, b.key.Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_ASSERTION_KEY_UNKNOWN)
	wantField(t, "the last key", remove("second"), "kid", "last key")
	_, err = add(second, 0)
	wantField(t, "the kid again", err, "kid", "already")
	name, forever := "renamed", int64(0)
	changed, err := b.admin.UpdateClientKey(t.Context(), &authzv1.UpdateClientKeyRequest{
		ClientId: keyClient, Kid: "second", Name: &name, LifetimeSeconds: &forever,
	})
	if one := changed.GetRegistration().GetKeys(); err != nil || len(one) != 1 || one[0].GetName() != name || one[0].GetExpireTime() != nil {
		t.Errorf("%v, %v", one, err)
	}
	for _, seconds := range []int64{-1, 1 << 62} {
		_, err := add(third, seconds)
		wantField(t, "a lifetime", err, "lifetime_seconds", "from 0 to")
	}
	for id, text := range map[string]string{confidential: "without keys", "vdo_client_none": ""} {
		_, err := b.admin.AddClientKey(t.Context(), &authzv1.AddClientKeyRequest{ClientId: id, Jwk: third.JWK()})
		if text == "" {
			wantReason(t, id, err, errorv1.Reason_REASON_NOT_FOUND)
			continue
		}
		wantField(t, id, err, "client_id", text)
	}
	rotated, err := b.admin.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: keyClient, ReplaceKeys: true})
	if err != nil || rotated.GetClientSecret() == "" || len(rotated.GetRegistration().GetKeys()) != 0 {
		t.Fatalf("%v, %v", rotated.GetRegistration(), err)
	}
	wantCause(t, "a key after the change to a secret", b.present(t, second.Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_ASSERTION_UNEXPECTED)
	if _, err := b.clients.AuthenticateClient(t.Context(), authenticate(keyClient, rotated.GetClientSecret())); err != nil {
		t.Errorf("the secret: %v", err)
	}
}

// TestN6_6_TheLastUseOfAKeyIsShown: written in the background, and when the process ends.
func TestN6_6_TheLastUseOfAKeyIsShown(t *testing.T) {
	b := newKeyBench(t)
	wantCause(t, "a refused use", b.present(t, b.key.Sign(t, nil, b.claims("aud", "x"))), errorv1.Cause_CAUSE_ASSERTION_AUDIENCE)
	lastUse := func() *authzv1.ClientKey {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := b.service.Run(ctx); err != nil {
			t.Fatal(err)
		}
		res, err := b.admin.FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: keyClient})
		if err != nil || len(res.GetRegistration().GetKeys()) != 1 {
			t.Fatalf("%v, %v", res, err)
		}
		return res.GetRegistration().GetKeys()[0]
	}
	if used := lastUse().GetLastUseTime(); used != nil {
		t.Errorf("a refused assertion is a use: %v", used)
	}
	wantAccepted(t, "a use", b.present(t, b.key.Sign(t, nil, b.claims())))
	if key := lastUse(); key.GetLastUseTime() == nil || key.GetLastUseTime().AsTime().Before(key.GetCreateTime().AsTime()) {
		t.Errorf("after a use the key is %v", key)
	}
}

// TestN6_4_FailedAssertionsAreBounded like wrong secrets, and a valid one is accepted beyond.
func TestN6_4_FailedAssertionsAreBounded(t *testing.T) {
	b := newKeyBench(t)
	present := func(text string) error {
		_, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Assertion: &authzv1.ClientAssertion{ClientAssertion: text}, SourceAddress: "192.0.2.1",
		})
		return err
	}
	wrong := b.key.Sign(t, nil, b.claims("aud", "x"))
	for range authz.DefaultConfig().SourceAttempts {
		wantCause(t, "a wrong assertion", present(wrong), errorv1.Cause_CAUSE_ASSERTION_AUDIENCE)
	}
	for _, text := range []string{wrong, "x"} {
		wantReason(t, "one too many", present(text), errorv1.Reason_REASON_RATE_LIMITED)
	}
	wantAccepted(t, "a valid one", present(b.key.Sign(t, nil, b.claims())))
}

// TestN6_8_ACodeIsResolvedOnlyForAnAcceptedAssertion, in the same call.
func TestN6_8_ACodeIsResolvedOnlyForAnAcceptedAssertion(t *testing.T) {
	b := newKeyBench(t)
	query := authztest.Query("client_id", keyClient, "redirect_uri", callback, "scope", "videos:read")
	id := b.start(t, query, "john").GetConsent().GetRequestId()
	b.bind(t, id)
	done, err := b.decisions.CompleteAuthorization(t.Context(), b.approval(id))
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(done.GetLocation(), "code=")
	code, _, _ = strings.Cut(code, "&")
	for _, row := range []struct {
		claims map[string]any
		ok     bool
	}{{b.claims("aud", "x"), false}, {b.claims(), true}} {
		res, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Assertion: &authzv1.ClientAssertion{ClientAssertion: b.key.Sign(t, nil, row.claims)}, Code: code,
		})
		if got := res.GetResolvedCode().GetClientId(); (err == nil) != row.ok || row.ok != (got == keyClient) {
			t.Errorf("the code is of %q, %v", got, err)
		}
	}
}
