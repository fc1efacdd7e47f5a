package rpc_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// logoutClients is authz, in which every client gets logout tokens.
type logoutClients struct {
	authzv1.ClientServiceClient

	// batches are the sizes of the requests.
	batches []int
	// limit is the most identifiers of a request.
	limit int
}

func (c *logoutClients) BatchGetClients(
	_ context.Context, req *authzv1.BatchGetClientsRequest, _ ...grpc.CallOption,
) (*authzv1.BatchGetClientsResponse, error) {
	if c.batches = append(c.batches, len(req.GetClientIds())); len(req.GetClientIds()) > c.limit {
		return nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "must be at most 1000", oerr.WithField("client_ids"))
	}
	res := &authzv1.BatchGetClientsResponse{}
	for _, id := range req.GetClientIds() {
		res.Clients = append(res.Clients, &authzv1.Client{
			ClientId: id, BackchannelLogoutUri: "https://" + id + ".example.com/logout", IdTokenSignedResponseAlg: "ES256",
		})
	}
	return res, nil
}

func TestTheClientsOfALogoutAreReadInBatchesThatAuthzAccepts(t *testing.T) {
	ids := make([]string, 2001)
	for i := range ids {
		ids[i] = fmt.Sprintf("app_%d", i)
	}
	clients := &logoutClients{limit: 1000}
	found, err := rpc.Authz{Clients: clients}.LogoutClients(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(ids) || found["app_0"] != "ES256" || found["app_2000"] != "ES256" {
		t.Errorf("%d clients get logout tokens, want %d", len(found), len(ids))
	}
	if want := []int{1000, 1000, 1}; !slices.Equal(clients.batches, want) {
		t.Errorf("the clients were read in %v, want %v", clients.batches, want)
	}
	if _, err := (rpc.Authz{Clients: &logoutClients{}}).LogoutClients(t.Context(), ids[:1]); oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST {
		t.Errorf("clients that cannot be read: %v, want the failure", err)
	}
}
