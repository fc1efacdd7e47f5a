package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// pairs is a store of user-clients.
type pairs struct {
	list  []oauth.Connection
	down  error
	calls []string
	// leave is called while a client is ended in a workspace.
	leave func()

	revocations   []oauth.ConnectionRevocation
	installations []oauth.Installation
}

func (p *pairs) GetPairEpoch(_ context.Context, u oauth.UserClient, _ []string) (int64, map[string]int64, error) {
	p.calls = append(p.calls, "epoch "+u.UserID+" "+u.ClientID)
	return 7, nil, p.down
}

func (p *pairs) StoredPairEpoch(_ context.Context, u oauth.UserClient, _ []string) (int64, map[string]int64, error) {
	p.calls = append(p.calls, "stored epoch "+u.UserID+" "+u.ClientID)
	return 7, nil, p.down
}

func (p *pairs) GetPairGrants(_ context.Context, u oauth.UserClient, _ []string) (oauth.LiveGrants, error) {
	p.calls = append(p.calls, "grants "+u.UserID+" "+u.ClientID)
	return oauth.LiveGrants{
		Epoch: 7, Scopes: []oauth.GrantedScopes{{WorkspaceID: "ws_acme", Scope: oauth.Scope{"videos:read"}}}, DescriptionDigest: "digest",
	}, p.down
}

func (p *pairs) RaisePolicyVersion(_ context.Context, workspaceID string) error {
	p.calls = append(p.calls, "raise "+workspaceID)
	return p.down
}

func (p *pairs) ListWorkspaceClients(_ context.Context, workspaceID, _ string, _ int) ([]oauth.WorkspaceClient, error) {
	p.calls = append(p.calls, "clients "+workspaceID)
	return nil, p.down
}

func (p *pairs) EndClientInWorkspace(ctx context.Context, clientID, workspaceID string, _ []string) (int, error) {
	p.calls = append(p.calls, "end everywhere "+clientID+" "+workspaceID)
	if p.leave != nil {
		p.leave()
	}
	if _, bounded := ctx.Deadline(); !bounded {
		return 0, errors.New("the call has no deadline")
	}
	return 0, errors.Join(p.down, ctx.Err())
}

func (p *pairs) ListConnections(_ context.Context, userID string) ([]oauth.Connection, error) {
	p.calls = append(p.calls, "list "+userID)
	return p.list, p.down
}

func (p *pairs) EndConnection(_ context.Context, userID, clientID string) error {
	p.calls = append(p.calls, "end "+userID+" "+clientID)
	return p.down
}

func (p *pairs) EndConnectionIn(_ context.Context, u oauth.UserClient, workspaceID string) error {
	p.calls = append(p.calls, "end "+u.UserID+" "+u.ClientID+" "+workspaceID)
	return p.down
}

func (p *pairs) ListInstallations(_ context.Context, userID string, clientIDs []string) ([]oauth.Installation, error) {
	p.calls = append(p.calls, "list installations "+userID+" "+strings.Join(clientIDs, " "))
	return p.installations, p.down
}

func (p *pairs) EndInstallation(_ context.Context, u oauth.UserClient, id secret.Hash) error {
	p.calls = append(p.calls, fmt.Sprintf("end installation %s %s %x", u.UserID, u.ClientID, id.Bytes()[:2]))
	return p.down
}

func (p *pairs) ListConnectionRevocations(_ context.Context, userID string) ([]oauth.ConnectionRevocation, error) {
	p.calls = append(p.calls, "list revocations "+userID)
	return p.revocations, p.down
}

func TestAConnectionIsEndedInOneWorkspace(t *testing.T) {
	p := &pairs{}
	server := &rpc.Grants{Store: p}
	if _, err := server.EndConnectionInWorkspace(t.Context(), &tokenv1.EndConnectionInWorkspaceRequest{UserId: "usr_john", ClientId: "app", WorkspaceId: "ws_doe"}); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"", "a/b", strings.Repeat("a", 513), "a\x00b"} {
		_, err := server.EndConnectionInWorkspace(t.Context(), &tokenv1.EndConnectionInWorkspaceRequest{UserId: "usr_john", ClientId: "app", WorkspaceId: wrong})
		failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "workspace_id")
	}
	if diff := cmp.Diff([]string{"end usr_john app ws_doe"}, p.calls); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestAnAdministratorWhoGoesAwayEndsAClientForAllMembers, and not only for those of the first transactions.
func TestAnAdministratorWhoGoesAwayEndsAClientForAllMembers(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	_, err := (&rpc.Grants{Store: &pairs{leave: leave}}).EndClientInWorkspace(ctx, &tokenv1.EndClientInWorkspaceRequest{WorkspaceId: "ws_doe", ClientId: "app"})
	if err != nil {
		t.Errorf("the revocation was interrupted: %v", err)
	}
}

func TestRevocationsOfConnectionsAreListed(t *testing.T) {
	p := &pairs{revocations: []oauth.ConnectionRevocation{{ClientID: "app", WorkspaceID: "ws_doe", Reason: 3, At: time.Unix(5, 0)}}}
	res, err := (&rpc.Grants{Store: p}).ListConnectionRevocations(t.Context(), &tokenv1.ListConnectionRevocationsRequest{UserId: "usr_john"})
	want := &tokenv1.ListConnectionRevocationsResponse{Revocations: []*tokenv1.ConnectionRevocation{{
		ClientId: "app", WorkspaceId: "ws_doe", Reason: tokenv1.RevocationReason_REVOCATION_REASON_REUSE, RevokeTime: timestamppb.New(time.Unix(5, 0)),
	}}}
	if diff := cmp.Diff(want, res, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = (&rpc.Grants{Store: p}).ListConnectionRevocations(t.Context(), &tokenv1.ListConnectionRevocationsRequest{})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "user_id")
}

func TestAUserClientThatIsNotStoredIsNotFoundWhereOnlyThatIsRead(t *testing.T) {
	p := &pairs{down: grant.ErrNotStored}
	_, err := (&rpc.Grants{Store: p}).GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: "usr_john", ClientId: "app", OnlyStored: true})
	failsAs(t, err, errorv1.Reason_REASON_NOT_FOUND, "")
	if diff := cmp.Diff([]string{"stored epoch usr_john app"}, p.calls); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// call calls all three RPCs with the same user-client.
func call(ctx context.Context, p *pairs, userID, clientID string) map[string]error {
	server := &rpc.Grants{Store: p}
	_, epoch := server.GetPairEpoch(ctx, &tokenv1.GetPairEpochRequest{UserId: userID, ClientId: clientID})
	_, end := server.EndConnection(ctx, &tokenv1.EndConnectionRequest{UserId: userID, ClientId: clientID})
	_, list := server.ListConnections(ctx, &tokenv1.ListConnectionsRequest{UserId: userID})
	return map[string]error{"epoch": epoch, "end": end, "list": list}
}

func TestAPairIsNamedByTwoIdentifiers(t *testing.T) {
	p := &pairs{}
	for method, err := range call(t.Context(), p, "usr_john", "app") {
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	if diff := cmp.Diff([]string{"epoch usr_john app", "end usr_john app", "list usr_john"}, p.calls); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	p.calls = nil
	for _, wrong := range []string{"", strings.Repeat("a", 513), "a\x00b"} {
		for _, pair := range []struct{ user, client, field string }{{wrong, "app", "user_id"}, {"usr_john", wrong, "client_id"}} {
			errs := call(t.Context(), p, pair.user, pair.client)
			failsAs(t, errs["epoch"], errorv1.Reason_REASON_INVALID_REQUEST, pair.field)
			failsAs(t, errs["end"], errorv1.Reason_REASON_INVALID_REQUEST, pair.field)
		}
	}
	failsAs(t, call(t.Context(), p, "", "app")["list"], errorv1.Reason_REASON_INVALID_REQUEST, "user_id")
	for _, asked := range p.calls {
		if !strings.HasPrefix(asked, "list ") {
			t.Errorf("the store was asked %q", asked)
		}
	}
}

func TestConnectionsAreListedWithTheirLastUse(t *testing.T) {
	used := time.Date(2026, 5, 6, 7, 8, 0, 0, time.UTC)
	p := &pairs{list: []oauth.Connection{{ClientID: "app", Epoch: 2, LastUsed: used}, {ClientID: "other"}}}
	server := &rpc.Grants{Store: p}
	got, err := server.ListConnections(t.Context(), &tokenv1.ListConnectionsRequest{UserId: "usr_john"})
	want := &tokenv1.ListConnectionsResponse{Connections: []*tokenv1.Connection{
		{ClientId: "app", Epoch: 2, LastUseTime: timestamppb.New(used)}, {ClientId: "other"},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("ListConnections: %v (-want +got):\n%s", err, diff)
	}
	epoch, err := server.GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: "usr_john", ClientId: "app"})
	if err != nil || epoch.GetEpoch() != 7 {
		t.Errorf("GetPairEpoch: %d, %v", epoch.GetEpoch(), err)
	}
	both, err := server.GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: "usr_john", ClientId: "app", IncludeGrants: true})
	wantBoth := &tokenv1.GetPairEpochResponse{Epoch: 7, PolicyVersionsRead: true, DescriptionDigest: "digest", Grants: []*tokenv1.GrantedScopes{{WorkspaceId: "ws_acme", Scopes: []string{"videos:read"}}}}
	if diff := cmp.Diff(wantBoth, both, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("GetPairEpoch with the grants: %v (-want +got):\n%s", err, diff)
	}
}

func TestAnOutageOfTheStoreIsUnavailableToConsent(t *testing.T) {
	p := &pairs{down: fmt.Errorf("asking: %w", sqldb.ErrUnavailable)}
	for method, err := range call(t.Context(), p, "usr_john", "app") {
		t.Run(method, func(t *testing.T) { failsAs(t, err, errorv1.Reason_REASON_UNAVAILABLE, "") })
	}
}

// redemptions knows one code that was redeemed.
type redemptions struct {
	code secret.Hash
	down error
}

func (r redemptions) Redeemed(_ context.Context, code secret.Hash) (oauth.CodeBinding, error) {
	if r.down == nil && code != r.code {
		return oauth.CodeBinding{}, grant.ErrNoEvidence
	}
	return oauth.CodeBinding{}, r.down
}

func TestFault_A1_WhetherACodeWasRedeemedIsTold(t *testing.T) {
	used, unused := secret.Sum("used"), secret.Sum("unused")
	use := func(hash []byte, down error) (bool, error) {
		server := &rpc.Grants{Codes: redemptions{used, down}}
		res, err := server.GetCodeUse(t.Context(), &tokenv1.GetCodeUseRequest{CodeHash: hash})
		return res.GetRedeemed(), err
	}
	if redeemed, err := use(used.Bytes(), nil); err != nil || !redeemed {
		t.Errorf("a code that was redeemed: %v, %v", redeemed, err)
	}
	if redeemed, err := use(unused.Bytes(), nil); err != nil || redeemed {
		t.Errorf("a code that was not: %v, %v", redeemed, err)
	}
	_, err := use(used.Bytes(), fmt.Errorf("asking: %w", sqldb.ErrUnavailable))
	failsAs(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	for _, wrong := range [][]byte{nil, used.Bytes()[1:], append(used.Bytes(), 0)} {
		_, err := use(wrong, nil)
		failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "code_hash")
	}
}
