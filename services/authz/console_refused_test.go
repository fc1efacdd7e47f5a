package authz_test

import (
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/secret"
)

// TestTheConsoleRefusesASecretThatCannotBe: of a public client, and with an overlap out of bounds.
func TestTheConsoleRefusesASecretThatCannotBe(t *testing.T) {
	b := newBench(t)
	confidential, clear := b.newApp(t)
	public, _ := b.newApp(t, func(r *authzv1.CreateClientRequest) { r.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC })
	for _, row := range []struct {
		name, id, field string
		overlap         int64
	}{
		{"a public client", public, "client_id", 0},
		{"an overlap below zero", confidential, "overlap_seconds", -1},
		{"an overlap that is too long", confidential, "overlap_seconds", int64(secret.MaxOverlap.Seconds()) + 1},
	} {
		var shown string
		if secrets := b.app(t, row.id).GetRegistration().GetSecrets(); len(secrets) > 0 {
			shown = secrets[0].GetSecretId()
		}
		_, err := b.console(t).CreateAppSecret(t.Context(), &authzv1.CreateAppSecretRequest{
			SessionToken: developer, ClientId: row.id, OverlapSeconds: row.overlap, NewestSecretId: shown,
		})
		wantFieldReason(t, row.name, err, row.field)
	}
	if !b.proves(t, confidential, clear) {
		t.Error("a refused request ended the secret")
	}
}

// TestTheLogoStaysWhileTheAppWaitsForItsReview: the reviewer must see what users will.
func TestTheLogoStaysWhileTheAppWaitsForItsReview(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	console := b.console(t)
	if _, err := console.SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id}); err != nil {
		t.Fatal(err)
	}
	_, err := console.SetAppLogo(t.Context(), &authzv1.SetAppLogoRequest{SessionToken: developer, ClientId: id})
	wantReason(t, "during the review", err, errorv1.Reason_REASON_CONFLICT)
	if _, err := console.SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id, Withdraw: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := console.SetAppLogo(t.Context(), &authzv1.SetAppLogoRequest{SessionToken: developer, ClientId: id}); err != nil {
		t.Errorf("after the review was withdrawn: %v", err)
	}
}
