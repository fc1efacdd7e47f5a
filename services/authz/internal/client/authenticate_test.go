package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store/storetest"
)

// reading is one reading of the credentials that a client sent.
func reading(id, proof string) oauth.ClientCredentials {
	return oauth.ClientCredentials{ID: id, Secret: secret.New(proof)}
}

func readings(list ...oauth.ClientCredentials) []oauth.ClientCredentials { return list }

func newAuthenticator(t *testing.T) (client.Authenticator, *storetest.Fake) {
	t.Helper()
	fake := storetest.NewFake(t)
	authztest.Register(t, fake)
	return client.Authenticator{Records: fake}, fake
}

func TestRFC6749_2_3_ClientAuthentication(t *testing.T) {
	a, _ := newAuthenticator(t)
	web, native := reading(authztest.Web, authztest.WebSecret), reading(authztest.Native, "")
	wrong := reading(authztest.Web, "vdo_secret_wrong")
	for _, row := range []struct {
		name string
		sent []oauth.ClientCredentials
		want string // "" is ErrInvalid
	}{
		{"a confidential client with its secret", readings(web), authztest.Web},
		{"a public client without a secret", readings(native), authztest.Native},
		{"the first reading is right", readings(web, wrong), authztest.Web},
		{"the second reading is right", readings(wrong, web), authztest.Web},
		{"the second reading is right and of another client", readings(reading("vdo_client_nobody", "x"), native), authztest.Native},
		{"the first of two right readings counts", readings(native, web), authztest.Native},
		{"the first reading names no client", readings(reading("%", "x"), web), authztest.Web},
		{"the second reading names no client", readings(web, reading("%", "x")), authztest.Web},
		{"a reading with an endless secret spoils no other", readings(reading(authztest.Web, strings.Repeat("x", 257)), web), authztest.Web},

		{"no credentials", nil, ""},
		{"a confidential client with a wrong secret", readings(wrong), ""},
		{"a confidential client without its secret", readings(reading(authztest.Web, "")), ""},
		{"the secret with a blank behind", readings(reading(authztest.Web, authztest.WebSecret+" ")), ""},
		{"the secret in capitals", readings(reading(authztest.Web, strings.ToUpper(authztest.WebSecret))), ""},
		{"a part of the secret", readings(reading(authztest.Web, authztest.WebSecret[:5])), ""},
		{"a public client with a secret", readings(reading(authztest.Native, "x")), ""},
		{"a public client with another's secret", readings(reading(authztest.Native, authztest.WebSecret)), ""},
		{"a disabled client with its secret", readings(reading(authztest.Off, authztest.WebSecret)), ""},
		{"an unknown client", readings(reading("vdo_client_nobody", authztest.WebSecret)), ""},
		{"an unknown client without a secret", readings(reading("vdo_client_nobody", "")), ""},
		{"an identifier in capitals", readings(reading(strings.ToUpper(authztest.Web), authztest.WebSecret)), ""},
		{"two wrong readings", readings(wrong, reading(authztest.Web, "other")), ""},
		{"one client's identifier and another reading's secret", readings(wrong, reading(authztest.Native, authztest.WebSecret)), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			registered, err := a.Authenticate(t.Context(), row.sent)
			if row.want == "" {
				if !errors.Is(err, client.ErrInvalid) || err.Error() != client.ErrInvalid.Error() {
					t.Errorf("%v, want ErrInvalid and no other text", err)
				}
				if diff := cmp.Diff(client.Client{}, registered); diff != "" {
					t.Errorf("a failure returns the client:\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(authztest.Client(row.want).Client, registered); diff != "" {
				t.Errorf("client (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFault_D3_AFailedAuthenticationHasItsCause(t *testing.T) {
	a, fake := newAuthenticator(t)
	for _, row := range []struct {
		sent []oauth.ClientCredentials
		want cause.Cause
		id   string
	}{
		{readings(reading("vdo_client_nobody", "x")), cause.ClientUnknown, ""},
		{readings(reading("%", "x")), cause.AuthenticationMalformed, ""},
		{readings(reading(authztest.Web, strings.Repeat("x", 257))), cause.AuthenticationMalformed, ""},
		{readings(reading(authztest.Web, "")), cause.SecretMissing, authztest.Web},
		{readings(reading(authztest.Web, "x")), cause.SecretWrong, authztest.Web},
		{readings(reading("vdo_client_nobody", "x"), reading(authztest.Web, "x")), cause.SecretWrong, authztest.Web},
		{readings(reading(authztest.Native, "x")), cause.SecretUnexpected, authztest.Native},
		{readings(reading(authztest.Off, authztest.WebSecret)), cause.ClientDisabled, authztest.Off},
	} {
		_, err := a.Authenticate(t.Context(), row.sent)
		var refused *client.RefusedError
		if cause.Of(err) != row.want || errors.As(err, &refused) != (row.id != "") || refused != nil && refused.ClientID != row.id {
			t.Errorf("%s of %+v, want %s of %q", cause.Of(err), refused, row.want, row.id)
		}
	}
	rotation := client.Rotation{ClientID: authztest.Web, Secret: secret.NewRecord(secret.New("second"))}
	if err := fake.RotateClientSecret(t.Context(), rotation); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(t.Context(), readings(reading(authztest.Web, authztest.WebSecret))); cause.Of(err) != cause.SecretExpired {
		t.Errorf("a replaced secret: %s, want %s", cause.Of(err), cause.SecretExpired)
	}
}

func TestDuringARotationBothSecretsAreValidAndThenOne(t *testing.T) {
	a, fake := newAuthenticator(t)
	rotate := func(to string, overlap time.Duration) {
		t.Helper()
		err := fake.RotateClientSecret(t.Context(), client.Rotation{ClientID: authztest.Web, Secret: secret.NewRecord(secret.New(to)), Overlap: overlap})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, counts map[string]bool) {
		t.Helper()
		for proof, ok := range counts {
			if _, err := a.Authenticate(t.Context(), readings(reading(authztest.Web, proof))); (err == nil) != ok {
				t.Errorf("%s, %s: %v, want success %v", when, proof, err, ok)
			}
		}
	}
	rotate("second", time.Hour)
	want("during the rotation", map[string]bool{authztest.WebSecret: true, "second": true, "third": false, "": false})
	rotate("third", time.Hour)
	want("after another rotation", map[string]bool{authztest.WebSecret: false, "second": true, "third": true})
	rotate("fourth", 0)
	want("after a rotation without overlap", map[string]bool{"second": false, "third": false, "fourth": true})
	if err := fake.SetClientDisabled(t.Context(), authztest.Web, true); err != nil {
		t.Fatal(err)
	}
	want("disabled", map[string]bool{"fourth": false})
}

func TestAnEndlessSecretIsNotEvenLookedUp(t *testing.T) {
	a, fake := newAuthenticator(t)
	for length, ok := range map[int]bool{256: true, 257: false, 1 << 20: false} {
		proof := strings.Repeat("s", length)
		registered := authztest.Client(authztest.Web)
		kept := secret.NewRecord(secret.New(proof)) // accepted if such a secret were registered
		if err := fake.Replace(t.Context(), registered, &kept); err != nil {
			t.Fatal(err)
		}
		before := fake.Reads()
		_, err := a.Authenticate(t.Context(), readings(reading(registered.ID, proof), reading(registered.ID, proof)))
		if ok != (err == nil) || !ok && !errors.Is(err, client.ErrInvalid) {
			t.Errorf("a secret of %d bytes: %v, want success %v", length, err, ok)
		}
		if looked := fake.Reads() > before; looked != ok {
			t.Errorf("a secret of %d bytes: looked up %v, want %v", length, looked, ok)
		}
	}
}

func TestAnInvalidIdentifierIsNotLookedUp(t *testing.T) {
	a, fake := newAuthenticator(t)
	for _, id := range []string{"", "ftp://evil.test", "vdo_client_\x00", "vdo_client_" + strings.Repeat("a", 1<<16)} {
		if _, err := a.Authenticate(t.Context(), readings(reading(id, "x"), reading(id, ""))); !errors.Is(err, client.ErrInvalid) {
			t.Errorf("%.30q: %v, want ErrInvalid", id, err)
		}
	}
	if n := fake.Reads(); n != 0 {
		t.Errorf("the registry was read %d times", n)
	}
}

func TestEachClientIsReadOnce(t *testing.T) {
	a, fake := newAuthenticator(t)
	for _, id := range []string{authztest.Web, authztest.Native, authztest.Off, "vdo_client_nobody"} {
		for other, want := range map[string]int{id: 1, "vdo_client_other": 2} {
			before := fake.Reads()
			_, _ = a.Authenticate(t.Context(), readings(reading(id, "wrong"), reading(other, "wrong")))
			if n := fake.Reads() - before; n != want {
				t.Errorf("%s and %s cost %d look-ups, want %d", id, other, n, want)
			}
		}
	}
}

func TestARegistryThatIsDownIsNeverAWrongSecret(t *testing.T) {
	a, fake := newAuthenticator(t)
	fake.Fail(sqldb.ErrUnavailable)
	_, err := a.Authenticate(t.Context(), readings(reading(authztest.Web, authztest.WebSecret)))
	if !errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, client.ErrInvalid) {
		t.Errorf("%v, want ErrUnavailable alone", err)
	}
}
