package flow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// audience refuses every user with its error.
type audience struct{ err error }

func (a audience) Check(context.Context, client.Registration, secret.String) error { return a.err }

func (a audience) Admit(context.Context, client.Registration, string, string) error { return a.err }

// TestOnlyARefusalByTheClientsLimitsIsTheClients: a session that has ended and an outage are not
// refusals by the client.
func TestOnlyARefusalByTheClientsLimitsIsTheClients(t *testing.T) {
	b := newBench(t)
	for err, want := range map[error]bool{
		ownership.ErrNotLive: true, ownership.ErrUsers: true, dynamic.ErrUsers: true,
		flow.ErrSignedOut: false, sqldb.ErrUnavailable: false, errors.New("identity is away"): false,
	} {
		b.Audience = audience{err}
		var p pending.Authorization
		p.ClientID = authztest.Clients()[0].ID
		got := b.CheckAudience(t.Context(), p, secret.New("john"))
		var refused *flow.ClientError
		if errors.As(got, &refused) != want || !errors.Is(got, err) {
			t.Errorf("%v: %T", err, got)
		}
	}
}
