package token

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/services/token/internal/logout"
	"github.com/vidocu/usher/services/token/internal/store"
)

// planEvery is how often one replica looks for sessions that have ended.
const planEvery = time.Second

// startLogout notifies clients that sessions have ended: one replica at a time writes the outbox, and every
// replica sends what is in it.
func (s *Service) startLogout(ctx context.Context, group *errgroup.Group) {
	if s.ring == nil {
		return
	}
	clients := newAuthz(s.config, s.deps)
	outbox := store.LogoutStore{Store: s.store}
	planner := logout.Planner{Outbox: outbox, Clients: clients, Sessions: newIdentity(s.deps)}
	planning := cleanup.Runner{Name: "token logouts", DB: s.deps.DB, Logger: s.deps.Logger, Every: planEvery, Work: planner.Plan, Done: s.deps.Metrics.CleanupSucceeded}
	group.Go(func() error { planning.Run(ctx); return nil })
	deliverer := logout.Deliverer{
		Queue: outbox, Clients: clients, Tokens: s.openID.IDTokens, Sender: clients, Logger: s.deps.Logger, Count: s.countLogout,
	}
	group.Go(func() error { deliverer.Run(ctx); return nil })
}
