package rpc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// leasing is authz: it accepts one secret, and leases its responses.
type leasing struct {
	authzv1.ClientServiceClient

	secret         string
	version        int64
	trusted, holds time.Duration
	calls          int
}

func (l *leasing) AuthenticateClient(
	_ context.Context, req *authzv1.AuthenticateClientRequest, _ ...grpc.CallOption,
) (*authzv1.AuthenticateClientResponse, error) {
	l.calls++
	if req.GetAssertion() == nil && req.GetCredentials()[0].GetClientSecret() != l.secret {
		return nil, errors.New("refused")
	}
	res := &authzv1.AuthenticateClientResponse{Client: &authzv1.Client{ClientId: "app"}}
	if l.trusted > 0 {
		res.Lease = &authzv1.AuthenticationLease{
			ClientVersion: l.version, TrustedMicroseconds: l.trusted.Microseconds(), HoldsMicroseconds: l.holds.Microseconds(),
		}
	}
	return res, nil
}

func TestADR0008_AnAuthenticatedClientIsKnownAsLongAsItsLease(t *testing.T) {
	with := func(id, password string) grant.Credentials {
		return grant.Credentials{Readings: []oauth.ClientCredentials{{ID: id, Secret: secret.New(password)}}}
	}
	good := with("app", "good")
	for name, steps := range map[string]func(l *leasing, ask func(c grant.Credentials, accepted bool, calls int)){
		"within the lease": func(_ *leasing, ask func(grant.Credentials, bool, int)) {
			ask(good, true, 1)
			time.Sleep(49 * time.Millisecond)
			ask(good, true, 1)
			time.Sleep(time.Millisecond)
			ask(good, true, 2)
		},
		"other credentials are asked for": func(_ *leasing, ask func(grant.Credentials, bool, int)) {
			ask(good, true, 1)
			ask(with("app", "bad"), false, 2)
			ask(with("ap", "pgood"), false, 3)
			ask(with("app", "bad"), false, 4) // a refusal is not known
		},
		"a new version ends what was read at the one before": func(l *leasing, ask func(grant.Credentials, bool, int)) {
			ask(good, true, 1)
			time.Sleep(60 * time.Millisecond)
			l.version, l.secret = 2, "next"
			ask(with("app", "next"), true, 2)
			ask(good, false, 3)
		},
		"the same version renews what was read before": func(_ *leasing, ask func(grant.Credentials, bool, int)) {
			ask(with("other", "good"), true, 1)
			time.Sleep(60 * time.Millisecond)
			ask(good, true, 2)
			ask(with("other", "good"), true, 2)
		},
		"an expired secret": func(l *leasing, ask func(grant.Credentials, bool, int)) {
			l.holds = 10 * time.Millisecond
			ask(good, true, 1)
			time.Sleep(10 * time.Millisecond)
			l.secret = "next"
			ask(good, false, 2)
		},
		"without a lease": func(l *leasing, ask func(grant.Credentials, bool, int)) {
			l.trusted = 0
			ask(good, true, 1)
			ask(good, true, 2)
		},
		"an assertion is used once": func(_ *leasing, ask func(grant.Credentials, bool, int)) {
			signed := grant.Credentials{ClientID: "app", Assertion: secret.New("jwt")}
			ask(signed, true, 1)
			ask(signed, true, 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				known, err := rpc.NewKnownClients()
				if err != nil {
					t.Fatal(err)
				}
				l := &leasing{secret: "good", version: 1, trusted: 50 * time.Millisecond, holds: time.Hour}
				authz := rpc.Authz{Clients: l, Known: known}
				steps(l, func(c grant.Credentials, accepted bool, calls int) {
					t.Helper()
					found, err := authz.Client(t.Context(), c, "")
					if (err == nil) != accepted || l.calls != calls || accepted && found.GetClientId() != "app" {
						t.Errorf("%v, %v after %d calls, want accepted %v after %d", found, err, l.calls, accepted, calls)
					}
				})
			})
		})
	}
}
