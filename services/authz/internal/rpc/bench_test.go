package rpc_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/rpc"
	"github.com/vidocu/usher/services/authz/internal/store/storetest"
)

// identity is a fake of the identity service with the session "john".
type identity struct {
	identityv1.SessionServiceClient
	err error
}

func (i *identity) GetSession(_ context.Context, req *identityv1.GetSessionRequest, _ ...grpc.CallOption) (*identityv1.GetSessionResponse, error) {
	if i.err == nil && req.GetSessionToken() != "john" {
		return nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "sign in")
	}
	return &identityv1.GetSessionResponse{Session: &identityv1.Session{
		UserId: "usr_john", AuthenticateTime: timestamppb.New(authztest.NewClock().Now()),
	}}, i.err
}

// bench has the RPCs over fakes, called without a server.
type bench struct {
	authorizations *rpc.Authorizations
	decisions      *rpc.Decisions
	codes          *rpc.Codes
	clients        *rpc.Clients
	registry       *storetest.Fake
	identity       *identity
	entries        *authztest.Entries
	clock          *authztest.Clock
	token          string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		registry: storetest.NewFake(t), identity: &identity{}, entries: authztest.NewEntries(), clock: authztest.NewClock(),
		token: secret.NewCode().Reveal(),
	}
	authztest.Register(t, b.registry)
	f := flow.Flow{Config: flow.Config{
		Clients: b.registry, Sessions: rpc.Sessions{Client: b.identity}, Scopes: catalog.Default(), Resources: catalog.Default(), Issuer: "https://usher.test",
		Now:     b.clock.Now,
		Pending: pending.New(pending.Config{Entries: b.entries, Lifetime: time.Hour, Kept: time.Minute, Now: b.clock.Now}),
		Codes:   code.New(code.Config{Entries: b.entries, Lifetime: time.Minute, Now: b.clock.Now}),
	}}
	b.authorizations, b.decisions = &rpc.Authorizations{Flow: f}, &rpc.Decisions{Flow: f}
	b.codes = &rpc.Codes{Codes: f.Codes}
	b.clients = &rpc.Clients{Guard: client.Guard{Authenticator: client.Authenticator{Records: b.registry}, Limiter: &ratelimit.Limiter{}}, Registry: b.registry, Flow: f, Uses: &dynamic.Users{Store: b.registry, Now: b.clock.Now}}
	return b
}

// wantReason checks the reason of an error and its field.
func wantReason(t *testing.T, what string, err error, want errorv1.Reason, field string) {
	t.Helper()
	if err == nil || oerr.Reason(err) != want || oerr.Field(err) != field {
		t.Errorf("%s: %v (%s, field %q), want %s about %q", what, err, oerr.Reason(err), oerr.Field(err), want, field)
	}
}
