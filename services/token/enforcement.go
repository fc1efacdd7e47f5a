package token

import (
	"context"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/access"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/lastuse"
	"github.com/vidocu/usher/services/token/internal/plan"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
)

// enforcement is the part of the service that says what a token opens, with the keys of workspaces.
type enforcement struct {
	plans   *plan.Cache
	uses    *lastuse.Recorder
	keys    apikey.Keys
	rules   func() *enforce.Rules
	access  *rpc.Access
	catalog *rpc.Catalog
	envoy   *rpc.Envoy
}

// newEnforcement prepares all but the decision, which needs an introspector that knows keys and
// plans: see decide.
func newEnforcement(config Config, deps Deps, st *store.Store) *enforcement {
	workspaces := rpc.NewWorkspaces(identityv1.NewDirectoryServiceClient(deps.Identity))
	return &enforcement{
		plans:   plan.New(plan.Config{Directory: workspaces, Age: config.PlanAge}),
		uses:    lastuse.New(store.KeyUses{Store: st}, deps.Logger.With("of", "API keys")),
		keys:    apikey.Keys{Store: st, Workspaces: workspaces},
		rules:   deps.Catalog.Rules,
		access:  &rpc.Access{},
		catalog: &rpc.Catalog{Current: deps.Catalog.Current},
		envoy:   &rpc.Envoy{KeepAuthorization: config.EnvoyKeepAuthorization, Logger: deps.Logger},
	}
}

// decide gives both doors what they decide with.
func (e *enforcement) setDecider(introspector introspect.Introspector) {
	decider := access.Decider{Tokens: bearerTokens{introspector}, Rules: e.rules}
	e.access.Decider, e.envoy.Decider = decider, decider
}

// live is access.Tokens.
type bearerTokens struct{ introspect.Introspector }

// Live judges a bearer's token of any kind.
func (l bearerTokens) Live(ctx context.Context, token string) (introspect.Facts, error) {
	return l.Bearer(ctx, token, 0)
}

// Apply is feed.Listener: a workspace that changed is asked about again.
func (e *enforcement) Apply(entries []feed.Entry) {
	for _, entry := range entries {
		if entry.Kind == revocation.Workspace {
			e.plans.Invalidate(entry.WorkspaceID)
		}
	}
}

// Forget is feed.Listener.
func (e *enforcement) Forget() { e.plans.InvalidateAll() }

func (e *enforcement) register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterAccessServiceServer(r, e.access)
	tokenv1.RegisterCatalogServiceServer(r, e.catalog)
	tokenv1.RegisterApiKeyServiceServer(r, &rpc.APIKeys{Keys: e.keys})
	authv3.RegisterAuthorizationServer(r, e.envoy)
}
