package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/rpc"
)

// pairStates is the token service, whose epoch rises with every call.
type pairStates struct {
	tokenv1.GrantServiceClient

	// batches are the numbers of workspaces of the requests.
	batches []int
	// stored says whether the user-client is stored.
	stored bool
	// old says which request a token service of release 0.1 handles, from 1.
	old int
}

func (p *pairStates) GetPairEpoch(
	_ context.Context, req *tokenv1.GetPairEpochRequest, _ ...grpc.CallOption,
) (*tokenv1.GetPairEpochResponse, error) {
	if p.batches = append(p.batches, len(req.GetPolicyWorkspaceIds())); len(req.GetPolicyWorkspaceIds()) > 1000 {
		return nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "must be at most 1,000", oerr.WithField("policy_workspace_ids"))
	}
	if req.GetOnlyStored() && !p.stored {
		return nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no epoch of the user-client is stored")
	}
	res := &tokenv1.GetPairEpochResponse{Epoch: int64(len(p.batches))}
	if len(p.batches) == p.old {
		return res, nil
	}
	res.PolicyVersionsRead = true
	for _, id := range req.GetPolicyWorkspaceIds() {
		res.PolicyVersions = append(res.PolicyVersions, &tokenv1.PolicyVersion{WorkspaceId: id, Version: 3})
		res.Grants = append(res.Grants, &tokenv1.GrantedScopes{WorkspaceId: id, Scopes: []string{"videos:read"}})
		if id == "ws_1500" {
			res.DescriptionDigest = "digest"
		}
	}
	return res, nil
}

func TestTheStateOfAMemberOfManyWorkspacesIsReadInBatches(t *testing.T) {
	u := oauth.UserClient{UserID: "usr_john", ClientID: "app"}
	for _, row := range []struct {
		workspaces, old int
		batches         []int
		// versions is how many are read; -1 for a release that knows none.
		versions int
	}{
		{0, 0, []int{0}, 0},
		{1000, 0, []int{1000}, 1000},
		{2001, 0, []int{1000, 1000, 1}, 2001},
		{2001, 1, []int{1000, 1000, 1}, -1},
		{2001, 3, []int{1000, 1000, 1}, -1},
	} {
		ids := make([]string, row.workspaces)
		for i := range ids {
			ids[i] = fmt.Sprintf("ws_%d", i)
		}
		token := &pairStates{old: row.old}
		state, err := rpc.Token{Grants: token}.PairState(t.Context(), u, ids, true)
		if err != nil || !slices.Equal(token.batches, row.batches) {
			t.Errorf("%d workspaces: read in %v, %v; want %v", row.workspaces, token.batches, err, row.batches)
		}
		if state.Epoch != 1 {
			t.Errorf("%d workspaces: epoch %d, want that of the first call", row.workspaces, state.Epoch)
		}
		if known := state.PolicyVersions != nil; known != (row.versions >= 0) || known && len(state.PolicyVersions) != row.versions {
			t.Errorf("%d workspaces, the request %d handled by release 0.1: %d versions, want %d", row.workspaces, row.old, len(state.PolicyVersions), row.versions)
		}
		if digest := map[bool]string{true: "digest"}[row.workspaces > 1500]; state.DescriptionDigest != digest {
			t.Errorf("%d workspaces: digest %q, want %q", row.workspaces, state.DescriptionDigest, digest)
		}
		if row.old == 0 && len(state.Scopes) != row.workspaces {
			t.Errorf("%d workspaces: the grants of %d", row.workspaces, len(state.Scopes))
		}
	}
}

func TestTheFormOfAPageThatWasNeverShownIsStale(t *testing.T) {
	u := oauth.UserClient{UserID: "usr_john", ClientID: "app"}
	if _, err := (rpc.Token{Grants: &pairStates{}}).StoredPairState(t.Context(), u, []string{"ws_acme"}); !errors.Is(err, decision.ErrStale) {
		t.Errorf("not stored: %v", err)
	}
	state, err := (rpc.Token{Grants: &pairStates{stored: true}}).StoredPairState(t.Context(), u, []string{"ws_acme"})
	if err != nil || state.Epoch != 1 || state.PolicyVersions["ws_acme"] != 3 {
		t.Errorf("stored: %+v, %v", state, err)
	}
}
