package rpc_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
)

func credentials(id, proof string) *authzv1.ClientCredentials {
	return &authzv1.ClientCredentials{ClientId: id, ClientSecret: proof}
}

func (b *bench) authenticate(t *testing.T, sent ...*authzv1.ClientCredentials) (*authzv1.Client, error) {
	t.Helper()
	res, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{Credentials: sent})
	return res.GetClient(), err
}

func TestAnAuthenticatedClientIsDescribed(t *testing.T) {
	b := newBench(t)
	got, err := b.authenticate(t, credentials("%", "x"), credentials(authztest.Web, authztest.WebSecret))
	want := &authzv1.Client{
		ClientId: authztest.Web, Name: authztest.Client(authztest.Web).Name, Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL,
		GrantTypes: []string{"authorization_code", "refresh_token"}, Reuse: authzv1.Reuse_REUSE_SUBJECT,
	}
	if diff := gocmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v, client (-want +got):\n%s", err, diff)
	}
	got, err = b.authenticate(t, credentials(authztest.Native, ""))
	if err != nil || got.GetType() != authzv1.ClientType_CLIENT_TYPE_PUBLIC {
		t.Errorf("the public client: %v, %v", got, err)
	}
	api := client.Registration{Client: client.Client{ID: "vdo_client_api", Name: "API", Type: client.Confidential, ResourceServer: true}}
	kept := secret.NewRecord(secret.New("proof"))
	if err := b.registry.CreateClient(t.Context(), api, &kept); err != nil {
		t.Fatal(err)
	}
	got, err = b.authenticate(t, credentials(api.ID, "proof"))
	if err != nil || !got.GetResourceServer() || len(got.GetGrantTypes()) != 0 {
		t.Errorf("the resource server: %v, %v", got, err)
	}
}

func TestAFailureToAuthenticateHasItsReason(t *testing.T) {
	b := newBench(t)
	right := credentials(authztest.Web, authztest.WebSecret)
	for what, row := range map[string]struct {
		sent  []*authzv1.ClientCredentials
		want  errorv1.Reason
		field string
	}{
		"no reading":                  {nil, invalid, "credentials"},
		"three readings":              {[]*authzv1.ClientCredentials{right, right, right}, invalid, "credentials"},
		"a wrong secret":              {[]*authzv1.ClientCredentials{credentials(authztest.Web, "x")}, errorv1.Reason_REASON_INVALID_CLIENT, ""},
		"an unknown client":           {[]*authzv1.ClientCredentials{credentials("vdo_client_nobody", "x")}, errorv1.Reason_REASON_INVALID_CLIENT, ""},
		"a disabled client":           {[]*authzv1.ClientCredentials{credentials(authztest.Off, authztest.WebSecret)}, errorv1.Reason_REASON_INVALID_CLIENT, ""},
		"a reading that is not there": {[]*authzv1.ClientCredentials{nil}, errorv1.Reason_REASON_INVALID_CLIENT, ""},
	} {
		registered, err := b.authenticate(t, row.sent...)
		wantReason(t, what, err, row.want, row.field)
		if registered != nil {
			t.Errorf("%s: a failure returns %v", what, registered)
		}
	}
	b.registry.Fail(sqldb.ErrUnavailable)
	_, err := b.authenticate(t, right)
	wantReason(t, "the registry is down", err, unavailable, "")
}

func TestABatchDescribesTheKnownClients(t *testing.T) {
	b := newBench(t)
	batch := func(ids ...string) ([]*authzv1.Client, error) {
		res, err := b.clients.BatchGetClients(t.Context(), &authzv1.BatchGetClientsRequest{ClientIds: ids})
		return res.GetClients(), err
	}
	got, err := batch("vdo_client_nobody", authztest.Native, authztest.Off, "", authztest.Web, authztest.Web)
	slices.SortFunc(got, func(a, b *authzv1.Client) int { return cmp.Compare(a.GetClientId(), b.GetClientId()) })
	var ids []string
	for _, registered := range got {
		ids = append(ids, registered.GetClientId())
		if registered.GetName() != authztest.Client(registered.GetClientId()).Name || registered.GetType() == authzv1.ClientType_CLIENT_TYPE_UNSPECIFIED {
			t.Errorf("%s is described as %v", registered.GetClientId(), registered)
		}
	}
	if diff := gocmp.Diff([]string{authztest.Native, authztest.Off, authztest.Web}, ids); err != nil || diff != "" {
		t.Errorf("%v, clients (-want +got):\n%s", err, diff)
	}
	if got, err := batch(); err != nil || len(got) != 0 {
		t.Errorf("an empty batch: %v, %v", got, err)
	}
	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprintf("vdo_client_%d", i)
	}
	many[999] = authztest.Web
	if got, err := batch(many...); err != nil || len(got) != 1 {
		t.Errorf("a batch as large as it may be: %d clients, %v", len(got), err)
	}
	before := b.registry.Reads()
	_, err = batch(append(many, "vdo_client_1000")...)
	wantReason(t, "one too many", err, invalid, "client_ids")
	if b.registry.Reads() != before {
		t.Error("a batch that is too large is looked up")
	}
	b.registry.Fail(sqldb.ErrUnavailable)
	_, err = batch(authztest.Web)
	wantReason(t, "the registry is down", err, unavailable, "")
}
