package authz

import (
	"context"
	"errors"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/rpc"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// keyTests is how often a user has the keys of clients read within keyTestWindow: each test is a request
// to another server.
const keyTests, keyTestWindow = 20, 10 * time.Minute

// newConsole returns what the teams of clients may do.
func newConsole(config Config, deps Deps, st *store.Store) ownership.Console {
	identity := newIdentity(deps)
	tests := limiter("authz:key-tests:", deps)
	return ownership.Console{
		Acting: func(ctx context.Context, userID string) context.Context { return actor.With(ctx, actor.OfUser(userID)) },
		People: identity, Store: st, Limit: config.WorkspaceApps,
		Audience: ownership.Audience{People: identity, Store: st, Limit: config.UnverifiedUsers},
		Registry: registry.Clients{
			Store: st, Scopes: deps.Catalog, Reserved: config.ReservedNames, PrivateUseSchemes: config.PrivateUseSchemes,
			Workspaces: identity, CheckURL: deps.Fetcher.CheckURL,
		},
		ReadKeys: func(ctx context.Context, address string) ([]client.Key, error) { return readKeys(ctx, deps, address) },
		AllowTest: func(ctx context.Context, userID string) error {
			_, err := tests.Spend(ctx, ratelimit.Budget{Limit: keyTests, Window: keyTestWindow}, ratelimit.Name{Kind: "user", Value: userID, Public: true})
			return err
		},
	}
}

// newIdentity returns what authz asks the identity service.
func newIdentity(deps Deps) rpc.Identity {
	return rpc.Identity{
		Sessions: identityv1.NewSessionServiceClient(deps.Identity), Directory: identityv1.NewDirectoryServiceClient(deps.Identity),
	}
}

// readKeys reads the keys at an address as client authentication does.
func readKeys(ctx context.Context, deps Deps, address string) ([]client.Key, error) {
	document, err := deps.Fetcher.Get(ctx, address, maxKeySet)
	if failed := new(fetch.Error); errors.As(err, &failed) {
		return nil, errors.New(failed.Public())
	}
	if err != nil {
		return nil, err
	}
	public, err := jose.UsableKeys(document.Body)
	if err != nil {
		return nil, err
	}
	var keys []client.Key
	for _, one := range public {
		key, err := client.NewKey(one, one.ID)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
