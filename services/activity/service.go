package activity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/activity/internal/access"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/rpc"
	"github.com/vidocu/usher/services/activity/internal/store"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// Deps are the service's dependencies. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB is migrated (see Migrations).
	DB *sqldb.DB
	// Feeds reach the services of Sources as caller `activity`; identity and authz also confirm who
	// may read.
	Feeds map[string]grpc.ClientConnInterface
	// Metrics registers the service's metrics; nil registers none.
	Metrics *telemetry.Metrics
}

// Sources are the services whose events the audit trail has.
func Sources() []string { return []string{"identity", "authz", "token", "consent"} }

// Service is the activity service.
type Service struct {
	deps     Deps
	store    *store.Store
	metrics  *telemetry.Activity
	requests *rpc.RequestLog
	audit    *rpc.Audit
}

// Migrations are the steps of the service's schema, a folder an engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service without calling another one. It fails on an invalid configuration.
func New(config Config, deps Deps) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("activity configuration: %w", err)
	}
	st, metrics := store.New(deps.DB, store.Retention{Requests: config.RequestRetention, Events: config.AuditRetention}), deps.Metrics.Activity(Sources())
	clients := rpc.Authz{Clients: authzv1.NewClientServiceClient(deps.Feeds["authz"])}
	rules := access.Rules{
		Identity: rpc.Identity{Sessions: identityv1.NewSessionServiceClient(deps.Feeds["identity"])}, Clients: clients,
	}
	return &Service{
		deps: deps, store: st, metrics: metrics,
		requests: &rpc.RequestLog{
			Log: requestlog.Log{Store: st}, Reader: st, Clients: clients, Access: rules, Logger: deps.Logger, Now: time.Now,
			Recorded: metrics.Requests, Retention: config.RequestRetention,
		},
		audit: &rpc.Audit{Reader: st, Access: rules, Clients: clients},
	}, nil
}

// Prepare creates the partitions of the days around now.
func (s *Service) Prepare(ctx context.Context) error {
	if err := s.store.MakeRoom(ctx); err != nil {
		return fmt.Errorf("creating partitions: %w", err)
	}
	return nil
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	activityv1.RegisterRequestLogServiceServer(r, s.requests)
	activityv1.RegisterAuditServiceServer(r, s.audit)
}

// Run follows the feeds and runs cleanup until ctx ends, each on one replica at a time.
func (s *Service) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, source := range Sources() {
		group.Go(func() { s.follow(ctx, source) })
	}
	group.Go(func() {
		cleanup.Runner{
			Name: "activity", DB: s.deps.DB, Logger: s.deps.Logger, Every: cleanup.Hourly, Done: s.deps.Metrics.CleanupSucceeded,
			Work: s.store.CleanUp,
		}.Run(ctx)
	})
	group.Wait()
	return nil
}

const (
	// retryAfter is the pause before a feed that failed, or that another replica follows, is tried
	// again; firstRetry the pause before the first time. A replica that failed gives the lock back and
	// waits up to lostAfter, so that another one, which may reach the service, gets it.
	retryAfter = time.Second
	lostAfter  = 2 * retryAfter
	firstRetry = 50 * time.Millisecond
)

// follow follows one feed whenever this replica is the leader for it.
func (s *Service) follow(ctx context.Context, source string) {
	feed := rpc.Feed{Source: source, Client: eventv1.NewEventServiceClient(s.deps.Feeds[source])}
	follower := trail.Follower{
		Source: source, Store: s.store, Open: feed.Open, Logger: s.deps.Logger,
		Stored: func(events int) { s.metrics.Events(source, events) },
	}
	lock := s.deps.DB.LeaderLock("feed/" + source)
	defer lock.Close()
	pause, failing := firstRetry, false
	for {
		leads, err := lock.Do(ctx, follower.Follow)
		ended := leads && (errors.Is(err, io.EOF) || errors.Is(err, trail.ErrMoved))
		longest := retryAfter
		switch {
		case ctx.Err() != nil:
			return
		case ended:
			pause, failing = firstRetry, false
		case err != nil:
			if !failing {
				s.deps.Logger.WarnContext(ctx, "the events of a service cannot be followed", "source", source, "error", err)
			}
			failing = true
			lock.Close()
			longest = lostAfter
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if !ended {
			pause = min(2*pause, longest)
		}
	}
}
