package rpc_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/device"
)

// stamped has public clients of every identifier, which were read under a lease.
type stamped struct{ stamp lease.Stamp }

func (s stamped) Credentials(_ context.Context, id string) (client.Record, error) {
	return client.Record{Client: client.Client{ID: id, Type: client.Public, Stamp: s.stamp}}, nil
}

func TestADR0008_OnlyAnAuthenticationThatMayBeRepeatedIsLeased(t *testing.T) {
	leased := &authzv1.AuthenticationLease{ClientVersion: 7, TrustedMicroseconds: 20_000, HoldsMicroseconds: time.Hour.Microseconds()}
	stamp := lease.Stamp{Version: 7, Trusted: 20 * time.Millisecond, Holds: time.Hour}
	app := []*authzv1.ClientCredentials{credentials("vdo_client_app", "")}
	for name, c := range map[string]struct {
		stamp lease.Stamp
		req   *authzv1.AuthenticateClientRequest
		want  *authzv1.AuthenticationLease
	}{
		"one client":             {stamp, &authzv1.AuthenticateClientRequest{Credentials: app}, leased},
		"one client, read twice": {stamp, &authzv1.AuthenticateClientRequest{Credentials: append(app, app...)}, leased},
		"two clients":            {stamp, &authzv1.AuthenticateClientRequest{Credentials: append(app, credentials("vdo_client_other", ""))}, nil},
		"a code":                 {stamp, &authzv1.AuthenticateClientRequest{Credentials: app, Code: "code"}, nil},
		"a device code":          {stamp, &authzv1.AuthenticateClientRequest{Credentials: app, DeviceCode: "code"}, nil},
		"a proof":                {stamp, &authzv1.AuthenticateClientRequest{Credentials: app, Proof: &authzv1.Proof{Id: make([]byte, 32), LifetimeSeconds: 60}}, nil},
		"a client without lease": {lease.Stamp{}, &authzv1.AuthenticateClientRequest{Credentials: app}, nil},
	} {
		b := newBench(t)
		b.clients.Guard.Authenticator.Records, b.clients.Proofs = stamped{c.stamp}, client.Proofs{Entries: b.entries}
		b.clients.Flow.Devices = &device.Store{Entries: b.entries, Lifetime: time.Minute, Interval: time.Second, Now: b.clock.Now}
		res, err := b.clients.AuthenticateClient(t.Context(), c.req)
		if err != nil || !proto.Equal(res.GetLease(), c.want) {
			t.Errorf("%s: lease %v, %v, want %v", name, res.GetLease(), err, c.want)
		}
	}
}
