package rpc_test

import (
	"context"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/rpc"
	"github.com/vidocu/usher/services/authz/internal/store/storetest"
)

// unreadable is a registry that cannot be read after a write.
type unreadable struct{ *storetest.Fake }

func (unreadable) FindClient(context.Context, string) (registry.Client, error) {
	return registry.Client{}, sqldb.ErrUnavailable
}

// TestANewSecretReachesTheOperator even if the client cannot be read afterwards: a repeated
// request would expire the secret in use.
func TestANewSecretReachesTheOperator(t *testing.T) {
	a := rpc.Administration{Clients: registry.Clients{Store: unreadable{storetest.NewFake(t)}, Scopes: catalog.Default()}}
	created, err := a.CreateClient(t.Context(), &authzv1.CreateClientRequest{
		Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{"https://a.test/cb"}, Scopes: []string{"videos:read"},
	})
	if err != nil || created.GetClientSecret() == "" || created.GetRegistration().GetClient().GetClientId() == "" {
		t.Fatalf("%v, %v", created, err)
	}
	if at := created.GetRegistration().GetCreateTime(); at != nil {
		t.Errorf("a client that cannot be read was registered at %v", at.AsTime())
	}
	id := created.GetRegistration().GetClient().GetClientId()
	rotated, err := a.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: id})
	if err != nil || rotated.GetClientSecret() == "" || rotated.GetRegistration().GetClient().GetClientId() != id {
		t.Errorf("%v, %v", rotated, err)
	}
}
