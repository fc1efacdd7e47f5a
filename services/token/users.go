package token

import (
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// newUsers builds VIDIZMO's user API.
func newUsers(config Config, deps Deps, st *store.Store) *rpc.Users {
	return &rpc.Users{Logger: deps.Logger, Service: usertoken.Service{
		Directory: newIdentity(deps), Store: st, Log: st.RevocationLog, Lifetime: config.UserTokenLifetime,
	}}
}

// newAccessRevocation builds the service through which operators revoke access.
func newAccessRevocation(deps Deps, st *store.Store, clients revocation.Clients) *rpc.AccessRevocation {
	return &rpc.AccessRevocation{Tokens: st, Revoker: revocation.Revoker{
		Store: st, Users: newIdentity(deps), Clients: clients, KnownPlan: deps.Catalog.KnownPlan,
		Unchanged: rpc.Unchanged, Step: actor.Within,
	}}
}

// newIdentity builds the client of the identity service.
func newIdentity(deps Deps) rpc.Identity {
	return rpc.Identity{
		Credentials:    identityv1.NewCredentialServiceClient(deps.Identity),
		Directory:      identityv1.NewDirectoryServiceClient(deps.Identity),
		Administration: identityv1.NewAdministrationServiceClient(deps.Identity),
		Ended:          identityv1.NewEndedSessionServiceClient(deps.Identity),
	}
}

// newAuthz builds the client of the authorization service.
func newAuthz(config Config, deps Deps) rpc.Authz {
	return rpc.Authz{
		Clients: authzv1.NewClientServiceClient(deps.Authz), Codes: authzv1.NewCodeServiceClient(deps.Authz),
		Pushed:         authzv1.NewPushedAuthorizationServiceClient(deps.Authz),
		Devices:        authzv1.NewDeviceServiceClient(deps.Authz),
		Administration: authzv1.NewAdministrationServiceClient(deps.Authz), Reviews: authzv1.NewReviewServiceClient(deps.Authz),
		Logouts:       authzv1.NewLogoutServiceClient(deps.Authz),
		Registrations: authzv1.NewRegistrationServiceClient(deps.Authz), GrantLifetime: config.RefreshTokenLifetime,
	}
}
