package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	trusted, holds int64
	// slow is how long a response is under way.
	slow  time.Duration
	calls int
}

func (l *leasing) AuthenticateClient(
	_ context.Context, req *authzv1.AuthenticateClientRequest, _ ...grpc.CallOption,
) (*authzv1.AuthenticateClientResponse, error) {
	l.calls++
	if req.GetAssertion() == nil && req.GetCredentials()[0].GetClientSecret() != l.secret {
		return nil, errors.New("refused")
	}
	res := &authzv1.AuthenticateClientResponse{Client: &authzv1.Client{ClientId: "app"}}
	if l.trusted != 0 {
		res.Lease = &authzv1.AuthenticationLease{ClientVersion: l.version, TrustedMicroseconds: l.trusted, HoldsMicroseconds: l.holds}
	}
	time.Sleep(l.slow)
	return res, nil
}

// asking has a client authenticate, and checks the result and the number of calls so far.
type asking struct {
	t     *testing.T
	l     *leasing
	authz rpc.Authz
}

// with returns credentials.
func with(id, password string) grant.Credentials {
	return grant.Credentials{Readings: []oauth.ClientCredentials{{ID: id, Secret: secret.New(password)}}}
}

func (a asking) want(c grant.Credentials, accepted bool, calls int) {
	a.t.Helper()
	a.wantRequest(grant.Request{Credentials: c}, accepted, calls)
}

func (a asking) wantRequest(r grant.Request, accepted bool, calls int) {
	a.t.Helper()
	found, err := a.authz.Authenticate(a.t.Context(), r)
	if (err == nil) != accepted || a.l.calls != calls || accepted && found.ID != "app" {
		a.t.Errorf("%v, %v after %d calls, want accepted %v after %d", found.ID, err, a.l.calls, accepted, calls)
	}
}

func TestADR0008_AnAuthenticationIsCachedAsLongAsItsLease(t *testing.T) {
	good := with("app", "good")
	for name, steps := range map[string]func(a asking){
		"within the lease": func(a asking) {
			a.want(good, true, 1)
			time.Sleep(49 * time.Millisecond)
			a.want(good, true, 1)
			time.Sleep(time.Millisecond)
			a.want(good, true, 2)
		},
		"a slow response, whose lease began with the call": func(a asking) {
			a.l.slow = 30 * time.Millisecond
			a.want(good, true, 1)
			time.Sleep(19 * time.Millisecond)
			a.want(good, true, 1)
			time.Sleep(time.Millisecond)
			a.want(good, true, 2)
		},
		"other credentials, and a refusal": func(a asking) {
			a.want(good, true, 1)
			a.want(with("app", "bad"), false, 2)
			a.want(with("ap", "pgood"), false, 3)
			a.want(with("app", "bad"), false, 4)
		},
		"a new version ends what was read at the one before": func(a asking) {
			a.want(good, true, 1)
			time.Sleep(60 * time.Millisecond)
			a.l.version, a.l.secret = 2, "next"
			a.want(with("app", "next"), true, 2)
			a.want(good, false, 3)
		},
		"the same version renews what was read before": func(a asking) {
			a.want(with("other", "good"), true, 1)
			time.Sleep(60 * time.Millisecond)
			a.want(good, true, 2)
			a.want(with("other", "good"), true, 2)
		},
		"for a minute at most": func(a asking) {
			a.want(good, true, 1)
			for n := range 1200 { // other clients renew the version all the time
				time.Sleep(50 * time.Millisecond)
				a.want(with(fmt.Sprint("other", n), "good"), true, n+2)
				if n < 1199 {
					a.want(good, true, n+2)
				}
			}
			a.want(good, true, 1202)
		},
		"an expired secret": func(a asking) {
			a.l.holds = 10_000
			a.want(good, true, 1)
			time.Sleep(10 * time.Millisecond)
			a.l.secret = "next"
			a.want(good, false, 2)
		},
		"without a lease": func(a asking) {
			a.l.trusted = 0
			a.want(good, true, 1)
			a.want(good, true, 2)
		},
		"a lease longer than any": func(a asking) {
			a.l.trusted, a.l.holds = math.MaxInt64, math.MaxInt64
			a.want(good, true, 1)
			time.Sleep(50 * time.Millisecond)
			a.want(good, true, 2)
		},
		"a negative lease": func(a asking) {
			a.l.trusted = math.MinInt64
			a.want(good, true, 1)
			a.l.trusted, a.l.holds = 50_000, -1
			a.want(good, true, 2)
			a.want(good, true, 3)
		},
		"what is used once": func(a asking) {
			a.want(good, true, 1)
			a.wantRequest(grant.Request{Credentials: good, Proof: grant.Proof{ID: new([32]byte)}}, true, 2)
			a.wantRequest(grant.Request{Credentials: good, GrantType: oauth.AuthorizationCodeGrant, Code: secret.New("code")}, true, 3)
			a.wantRequest(grant.Request{Credentials: good, GrantType: oauth.DeviceCodeGrant, DeviceCode: secret.New("code")}, true, 4)
			signed := grant.Credentials{ClientID: "app", Assertion: secret.New("jwt")}
			a.want(signed, true, 5)
			a.want(signed, true, 6)
			a.want(good, true, 6)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cache := rpc.NewAuthenticationCache()
				l := &leasing{secret: "good", version: 1, trusted: 50_000, holds: time.Hour.Microseconds()}
				steps(asking{t: t, l: l, authz: rpc.Authz{Clients: l, Cache: cache}})
			})
		})
	}
}
