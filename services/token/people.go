package token

import (
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/services/token/internal/ending"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// users is VIDIZMO's user API.
func users(config Config, deps Deps, st *store.Store) *rpc.Users {
	return &rpc.Users{Logger: deps.Logger, Desk: usertoken.Desk{
		People: directory(deps), Store: st, Lifetime: config.UserTokenLifetime,
	}}
}

// endings is what takes access away.
func endings(deps Deps, st *store.Store, apps ending.Apps) *rpc.Endings {
	return &rpc.Endings{Tokens: st, Desk: ending.Desk{
		Store: st, People: directory(deps), Apps: apps, KnownPlan: deps.Catalog.KnownPlan,
	}}
}

// directory reaches identity.
func directory(deps Deps) rpc.People {
	return rpc.People{
		Credentials:    identityv1.NewCredentialServiceClient(deps.Identity),
		Directory:      identityv1.NewDirectoryServiceClient(deps.Identity),
		Administration: identityv1.NewAdministrationServiceClient(deps.Identity),
	}
}
