package token

import (
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/token/internal/access"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/lastuse"
	"github.com/vidocu/usher/services/token/internal/plan"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
)

// enforcement is the part of the service that says what a token opens, with the keys of workspaces.
type enforcement struct {
	plans   *plan.Book
	uses    *lastuse.Recorder
	desk    apikey.Desk
	decider access.Decider
	catalog *rpc.Catalog
	envoy   *rpc.Envoy
}

// enforcementParts are what it shares with the rest of the service.
type enforcementParts struct {
	store        *store.Store
	introspector introspect.Introspector
}

func newEnforcement(config Config, deps Deps, parts enforcementParts) enforcement {
	workspaces := rpc.NewWorkspaces(identityv1.NewDirectoryServiceClient(deps.Identity))
	plans := plan.New(plan.Config{Directory: workspaces, Age: config.PlanAge})
	uses := lastuse.New(store.KeyUses{Store: parts.store}, deps.Logger.With("of", "API keys"))
	decider := access.Decider{
		Tokens: access.Lookup{AccessTokens: parts.introspector, Keys: parts.store, KeyUses: uses, Plans: plans},
		Rules:  deps.Catalog.Rules,
	}
	return enforcement{
		plans: plans, uses: uses, decider: decider,
		desk:    apikey.Desk{Store: parts.store, Workspaces: workspaces},
		catalog: &rpc.Catalog{Current: deps.Catalog.Current},
		envoy:   &rpc.Envoy{Decider: decider, KeepAuthorization: config.EnvoyKeepAuthorization, Logger: deps.Logger},
	}
}

func (e enforcement) register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterAccessServiceServer(r, &rpc.Access{Decider: e.decider})
	tokenv1.RegisterCatalogServiceServer(r, e.catalog)
	tokenv1.RegisterApiKeyServiceServer(r, &rpc.APIKeys{Desk: e.desk})
	authv3.RegisterAuthorizationServer(r, e.envoy)
}
