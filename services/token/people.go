package token

import (
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/services/token/internal/ending"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// people is what the user API and the administration that takes access away stand on.
type people struct {
	store   *store.Store
	settler settler
}

// users is VIDIZMO's user API.
func users(config Config, deps Deps, p people) *rpc.Users {
	return &rpc.Users{Logger: deps.Logger, Desk: usertoken.Desk{
		People: directory(deps), Store: p.store, Lifetime: config.UserTokenLifetime, Settler: p.settler,
	}}
}

// endings is what takes access away.
func endings(deps Deps, p people, apps ending.Apps) *rpc.Endings {
	return &rpc.Endings{Tokens: settled{Store: p.store, settler: p.settler}, Desk: ending.Desk{
		Store: p.store, People: directory(deps), Apps: apps, KnownPlan: deps.Catalog.KnownPlan, Settler: p.settler,
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
