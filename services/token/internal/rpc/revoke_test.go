package rpc_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

func TestRFC7009_2_1_TheFormSaysWhatATokenIsAndTheHintNothing(t *testing.T) {
	access, refresh := secret.Generate(secret.AccessToken).Reveal(), secret.Generate(secret.RefreshToken).Reveal()
	for _, hint := range []string{"", "access_token", "refresh_token", "nonsense"} {
		b := newBench()
		for _, token := range []string{access, refresh} {
			if _, err := b.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: token, TokenTypeHint: hint}); err != nil {
				t.Errorf("RevokeToken: %v", err)
			}
		}
		want := []revokedFamily{{"access", secret.Sum(access), ""}, {"refresh", secret.Sum(refresh), ""}}
		if diff := cmp.Diff(want, b.tokens.revocations); diff != "" {
			t.Errorf("hint %q: endings (-want +got):\n%s", hint, diff)
		}
		if len(b.authz.requests) != 0 {
			t.Errorf("authz was asked although no credentials were sent")
		}
	}
}

func TestRFC7009_2_2_WhatIsNoTokenIsRevokedAlreadyWithoutALookUp(t *testing.T) {
	b := newBench()
	b.tokens.down = sqldb.ErrUnavailable // even then
	access := secret.Generate(secret.AccessToken).Reveal()
	for _, token := range []string{"nonsense", access[:len(access)-1], access + "0", secret.Generate(secret.APIKey).Reveal()} {
		if _, err := b.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: token}); err != nil {
			t.Errorf("RevokeToken: %v", err)
		}
	}
	if len(b.tokens.revocations) != 0 {
		t.Errorf("%d look-ups", len(b.tokens.revocations))
	}
}

func TestWireContract4_2_CredentialsLimitARevocationToTheClientsOwn(t *testing.T) {
	token := secret.Generate(secret.RefreshToken).Reveal()
	for _, s := range []sent{{id: "app", secret: "secret"}, {headers: []string{basic("app:secret")}}} {
		b := newBench()
		_, err := b.RevokeToken(s.context(t.Context()), &tokenv1.RevokeTokenRequest{Token: token, ClientId: s.id, ClientSecret: s.secret})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]revokedFamily{{"refresh", secret.Sum(token), "app"}}, b.tokens.revocations); diff != "" {
			t.Errorf("endings (-want +got):\n%s", diff)
		}
	}
}

func TestATokenIsRequired(t *testing.T) {
	b := newBench()
	_, err := b.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "token")
	_, err = b.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{ClientId: "app", ClientSecret: "secret"})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "token")
	_, err = b.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{ClientId: "app", ClientSecret: "secret"})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "token")

	// Client authentication comes first.
	_, err = b.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{ClientId: "app", ClientSecret: "wrong"})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_CLIENT, "")
	_, err = b.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{ClientId: "app", ClientSecret: "wrong"})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_CLIENT, "")
}

func TestARevocationThatDidNotHappenIsNoSuccess(t *testing.T) {
	for _, kind := range []secret.Kind{secret.AccessToken, secret.RefreshToken} {
		b := newBench()
		b.tokens.down = fmt.Errorf("revoking: %w", sqldb.ErrUnavailable)
		_, err := b.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: secret.Generate(kind).Reveal()})
		failsAs(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	}
}
