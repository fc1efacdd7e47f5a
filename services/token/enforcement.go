package token

import (
	"context"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/access"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/plan"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
)

// enforcement is the part of the service that decides which endpoints a token may call. It has the
// API keys of workspaces too.
type enforcement struct {
	plans    *plan.Cache
	uses     *lastuse.Recorder
	keys     apikey.Keys
	sessions identityv1.SessionServiceClient
	rules    func() *enforce.Rules
	access   *rpc.Access
	catalog  *rpc.Catalog
	envoy    *rpc.Envoy
}

// newEnforcement prepares everything but the decider, which needs an introspector with API keys and
// plans: see setDecider.
func newEnforcement(config Config, deps Deps, st *store.Store) *enforcement {
	workspaces := rpc.NewWorkspaces(identityv1.NewDirectoryServiceClient(deps.Identity))
	return &enforcement{
		plans:    plan.New(workspaces, config.PlanAge),
		uses:     lastuse.New(st.TouchKey, deps.Logger.With("of", "API keys")),
		keys:     apikey.Keys{Store: st, Workspaces: workspaces, Scopes: func() []string { return deps.Catalog.Current().KeyScopes() }},
		sessions: identityv1.NewSessionServiceClient(deps.Identity),
		rules:    deps.Catalog.Rules,
		access:   &rpc.Access{},
		catalog:  &rpc.Catalog{Current: deps.Catalog.Current},
		envoy:    &rpc.Envoy{KeepAuthorization: config.EnvoyKeepAuthorization, Logger: deps.Logger},
	}
}

// setDecider gives AccessService and Envoy's authorization service their decider.
func (e *enforcement) setDecider(introspector introspect.Introspector) {
	decider := access.Decider{Tokens: bearerTokens{introspector}, Rules: e.rules, Proofs: enforce.NewProofs()}
	e.access.Decider, e.envoy.Decider = decider, decider
}

// bearerTokens is access.Tokens.
type bearerTokens struct{ introspect.Introspector }

// Live introspects a bearer token of any kind.
func (l bearerTokens) Live(ctx context.Context, token, source string) (introspect.Facts, error) {
	return rpc.ForCaller(ctx, l.Introspector).From(source).Bearer(ctx, token, 0)
}

// Apply is feed.Listener. It evicts the plan of a workspace that changed.
func (e *enforcement) Apply(entries []feed.Entry) {
	for _, entry := range entries {
		if entry.Kind == revocation.Workspace {
			e.plans.Invalidate(entry.WorkspaceID)
		}
	}
}

// InvalidateAll is feed.Listener. It evicts every plan.
func (e *enforcement) InvalidateAll() { e.plans.InvalidateAll() }

func (e *enforcement) register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterAccessServiceServer(r, e.access)
	tokenv1.RegisterCatalogServiceServer(r, e.catalog)
	tokenv1.RegisterApiKeyServiceServer(r, &rpc.APIKeys{Keys: e.keys})
	tokenv1.RegisterWorkspaceKeyServiceServer(r, &rpc.WorkspaceKeys{Keys: e.keys, Sessions: e.sessions})
	authv3.RegisterAuthorizationServer(r, e.envoy)
}
