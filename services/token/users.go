package token

import (
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// users is VIDIZMO's user API.
func newUsers(config Config, deps Deps, st *store.Store) *rpc.Users {
	return &rpc.Users{Logger: deps.Logger, Service: usertoken.Service{
		Directory: newIdentity(deps), Store: st, Lifetime: config.UserTokenLifetime,
	}}
}

// endings is what takes access away.
func newAccessRevocation(deps Deps, st *store.Store, apps revocation.Clients) *rpc.AccessRevocation {
	return &rpc.AccessRevocation{Tokens: st, Revoker: revocation.Revoker{
		Store: st, Users: newIdentity(deps), Clients: apps, KnownPlan: deps.Catalog.KnownPlan,
	}}
}

// directory reaches identity.
func newIdentity(deps Deps) rpc.Identity {
	return rpc.Identity{
		Credentials:    identityv1.NewCredentialServiceClient(deps.Identity),
		Directory:      identityv1.NewDirectoryServiceClient(deps.Identity),
		Administration: identityv1.NewAdministrationServiceClient(deps.Identity),
	}
}
