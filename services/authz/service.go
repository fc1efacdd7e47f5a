package authz

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/pushed"
	"github.com/vidocu/usher/services/authz/internal/rpc"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Deps are the dependencies of the service. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB must be migrated (see Migrations).
	DB *sqldb.DB
	// ShortLived stores pending authorizations and codes.
	ShortLived shortlived.Store
	// Identity is the connection to the identity service, as caller `authz`.
	Identity grpc.ClientConnInterface
	// Catalog has the scopes that exist now.
	Catalog *catalog.Source
	// Registration says which clients may register themselves; empty is off.
	Registration string
	// PushRequired refuses every authorization request that was not pushed (RFC 9126).
	PushRequired bool
	// Issuer is the authorization server's identifier (RFC 8414 §2).
	Issuer string
	// ClientDocuments says which clients may describe themselves in a document; the zero value none.
	ClientDocuments run.ClientDocuments
	// Development accepts documents on this machine.
	Development bool
	// Now is the clock for short-lived entries; nil is time.Now.
	Now func() time.Time
	// Metrics receives the metrics; nil records none.
	Metrics *telemetry.Metrics
	// Fetcher reads the keys that clients publish; nil is one that reads from the public internet.
	Fetcher *fetch.Fetcher
}

// Service is the authorization service.
type Service struct {
	deps  Deps
	store *store.Store
	// clients are those of the store, and those of documents.
	clients document.Clients
	flow    flow.Flow
	guard   client.Guard
	console ownership.Console
	// keyUses records when clients used their keys.
	keyUses *lastuse.Recorder
	// scopeUses records when scopes of clients were granted.
	scopeUses scopeUses
	// users and registrar are for clients that register themselves.
	users     *dynamic.Users
	registrar dynamic.Registrar
	counts    *telemetry.Registrations
	// removedAfter is when a client that was disabled by cleanup is deleted.
	removedAfter time.Duration
}

// Migrations returns the migrations of the service's schema, one folder per database engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service. It returns an error if the configuration is invalid.
func New(config Config, deps Deps) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("authz configuration: %w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Fetcher == nil {
		deps.Fetcher = fetch.New(fetch.Options{})
	}
	st := store.New(deps.DB)
	clients := newClients(config, deps, st)
	registrar, users := newRegistrar(config, deps, st), &dynamic.Users{Store: st, Limit: config.DCRUsers, Unused: config.DCRUnused, Now: deps.Now}
	keyUses := newKeyUses(deps, st)
	console, scopes := newConsole(config, deps, st), newScopeUses(deps, st)
	return &Service{
		console: console, deps: deps, store: st, clients: clients, keyUses: keyUses, scopeUses: scopes, users: users, registrar: registrar,
		counts: deps.Metrics.Registrations(), removedAfter: config.DCRRemoved, guard: client.Guard{
			Authenticator: authenticator(deps, clients, keyUses), Limiter: limiter("authz:client:", deps),
			Source: ratelimit.Budget{Limit: config.SourceAttempts, Window: config.SourceWindow},
			Client: ratelimit.Budget{Limit: config.ClientAttempts, Window: config.ClientWindow},
		}, flow: flow.Flow{
			Clients: dynamic.Limited{Finder: clients, Allowed: registrar.Rules.Allowed}, Admissions: users, Audience: console.Audience,
			Sessions: newIdentity(deps),
			Scopes:   deps.Catalog, Resources: deps.Catalog,
			Pending: &pending.Store{
				Entries: deps.ShortLived, Lifetime: config.PromptLifetime, Kept: config.CodeLifetime, Now: deps.Now,
			},
			Devices: &device.Store{
				Entries: deps.ShortLived, Lifetime: config.DeviceCodeLifetime, Interval: config.DevicePollInterval, Now: deps.Now,
			},
			UserCodes: flow.UserCodeLimit{
				Limiter: limiter("authz:user-codes:", deps),
				User:    ratelimit.Budget{Limit: config.UserCodeAttempts, Window: config.UserCodeWindow},
				Source:  ratelimit.Budget{Limit: config.UserCodeSourceAttempts, Window: config.UserCodeWindow},
			},
			Pushed: &pushed.Store{
				Entries: deps.ShortLived, Decided: config.PromptLifetime + config.CodeLifetime, Now: deps.Now,
			},
			PushRequired: deps.PushRequired,
			Codes:        &code.Store{Entries: deps.ShortLived, Lifetime: config.CodeLifetime, Now: deps.Now},
			Starts: flow.StartLimit{
				Budgets: ratelimit.NewPrepaid(limiter("authz:start:", deps)),
				Source:  ratelimit.Budget{Limit: config.AnonymousRequests, Window: config.AnonymousWindow},
				User:    ratelimit.Budget{Limit: config.UserRequests, Window: config.UserWindow},
			},
			Recorder: scopes,
			Issuer:   deps.Issuer,
			Now:      deps.Now,
		},
	}, nil
}

// limiter returns a rate limiter that counts under a prefix in the short-lived store and logs each
// exhausted budget.
func limiter(prefix string, deps Deps) *ratelimit.Limiter {
	return &ratelimit.Limiter{
		Entries: deps.ShortLived, Prefix: prefix, Now: deps.Now,
		Exhausted: ratelimit.NewNotices(deps.Logger, deps.Now, prefix).Exhausted,
	}
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	authzv1.RegisterAuthorizationServiceServer(r, &rpc.Authorizations{Flow: s.flow})
	authzv1.RegisterDecisionServiceServer(r, &rpc.Decisions{Flow: s.flow})
	authzv1.RegisterLogoutServiceServer(r, &rpc.Logouts{Flow: s.flow, Sender: s.sender()})
	authzv1.RegisterCodeServiceServer(r, &rpc.Codes{Codes: s.flow.Codes})
	authzv1.RegisterLogoServiceServer(r, &rpc.Logos{Store: s.store})
	clients := &rpc.Clients{Guard: s.guard, Proofs: client.Proofs{Entries: s.deps.ShortLived}, Registry: s.clients, Flow: s.flow, Uses: s.users, Scopes: s.scopeUses, Logger: s.deps.Logger}
	authzv1.RegisterClientServiceServer(r, clients)
	authzv1.RegisterDeviceServiceServer(r, &rpc.Devices{Clients: clients, Flow: s.flow})
	authzv1.RegisterPushedAuthorizationServiceServer(r, &rpc.PushedAuthorizations{Clients: clients, Flow: s.flow})
	authzv1.RegisterRegistrationServiceServer(r, &rpc.Registrations{
		Registrar: s.registrar, Tokens: dynamic.InitialTokens{Store: s.store, Known: s.deps.Catalog.Known}, Count: s.counts.Count,
	})
	authzv1.RegisterConsoleServiceServer(r, &rpc.Console{Console: s.console})
	authzv1.RegisterAdministrationServiceServer(r, &rpc.Administration{Clients: s.console.Registry})
	authzv1.RegisterReviewServiceServer(r, &rpc.Reviews{Reviewer: ownership.Reviewer{Store: s.store}})
	authzv1.RegisterClientDocumentServiceServer(r, &rpc.ClientDocuments{Store: s.store})
	s.store.Events().Register(r)
}

// Run writes the last uses of keys and of scopes until ctx is done, and runs the cleanup on one replica at a time.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Events().Stop()
	var recording sync.WaitGroup
	recording.Go(func() { _ = s.keyUses.Run(ctx) }) // it returns no error
	recording.Go(func() { _ = s.scopeUses.recorder.Run(ctx) })
	defer recording.Wait()
	cleanup.Runner{
		Name: "authz", DB: s.deps.DB, Logger: s.deps.Logger, Every: cleanup.Hourly, Done: s.deps.Metrics.CleanupSucceeded,
		Work: s.cleanUp,
	}.Run(ctx)
	return nil
}
