package authz

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// newRegistrar returns the registrar of clients that register themselves.
func newRegistrar(config Config, deps Deps, store dynamic.Store) dynamic.Registrar {
	return dynamic.Registrar{
		Mode: dynamic.Mode(deps.Registration), Store: store,
		Rules: dynamic.Rules{
			Allowed: allowedScope(config, deps), Known: deps.Catalog.Known,
			Reserved: registry.Reserved(config.ReservedNames), PrivateUseSchemes: config.PrivateUseSchemes,
			CheckURL: deps.Fetcher.CheckURL, OpenID: deps.Catalog.IsOpenID(oauth.OpenIDScope),
		},
		Limits: dynamic.Limits{
			Limiter: limiter("authz:register:", deps),
			Source:  ratelimit.Budget{Limit: config.DCRSourceLimit, Window: config.DCRWindow},
			Network: ratelimit.Budget{Limit: config.DCRNetworkLimit, Window: config.DCRWindow},
			Updates: ratelimit.Budget{Limit: config.DCRUpdateLimit, Window: config.DCRWindow},
			Total:   dynamic.NewTotal(config.DCRClients, deps.Now),
		},
		Abandoned: config.DCRAbandoned,
	}
}

// allowedScope returns the scope of clients that register themselves. Unless the operator sets it, it
// is what the protected resources need at least, and never every scope of the catalog; with
// Config.DCROpenID, those of OpenID Connect too.
func allowedScope(config Config, deps Deps) func() oauth.Scope {
	if len(config.DCRScopes) > 0 {
		return func() oauth.Scope { return config.DCRScopes }
	}
	return func() oauth.Scope {
		current := deps.Catalog.Current()
		scope := current.Minimum(current.ResourceIDs())
		if !config.DCROpenID {
			return scope
		}
		return append(scope, oauth.OpenIDScopes().Without(func(name string) bool { return !current.IsOpenID(name) })...)
	}
}

// cleanUp deletes expired secrets, and clients that registered themselves and are not used.
func (s *Service) cleanUp(ctx context.Context) error {
	disabled, deleted, err := s.store.CleanUpDynamic(ctx, s.removedAfter)
	s.counts.Removed(disabled, deleted)
	return errors.Join(err, s.store.CleanUp(ctx))
}
