package rpc_test

import (
	"context"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	platformpolicy "github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/rpc"
)

// requests is a store with requests of members for clients, the newest first.
type requests struct {
	policy.Store

	list []policy.Request
}

func (s requests) Requests(_ context.Context, q policy.Query) ([]policy.Request, error) {
	var page []policy.Request
	for _, r := range s.list {
		if (q.After.At.IsZero() || r.At.Before(q.After.At)) && len(page) < q.Limit {
			page = append(page, r)
		}
	}
	return page, nil
}

func (requests) DescribeClients(context.Context, []string) (map[string]connectedapp.Client, error) {
	return nil, nil
}

// directory has the workspace ws_acme.
type directory struct {
	identityv1.DirectoryServiceClient
}

func (directory) BatchGetWorkspaces(
	_ context.Context, req *identityv1.BatchGetWorkspacesRequest, _ ...grpc.CallOption,
) (*identityv1.BatchGetWorkspacesResponse, error) {
	res := &identityv1.BatchGetWorkspacesResponse{}
	if slices.Contains(req.GetWorkspaceIds(), "ws_acme") {
		res.Workspaces = append(res.Workspaces, &identityv1.Workspace{WorkspaceId: "ws_acme"})
	}
	return res, nil
}

// asOperator returns the context of a call by an operator.
func asOperator(t *testing.T) context.Context {
	t.Helper()
	return peer.NewContext(t.Context(), &peer.Peer{AuthInfo: platformpolicy.Caller{Name: "operator"}})
}

// TestAnOperatorIsToldOfAWorkspaceThatDoesNotExist by every method, before anything is read or changed.
func TestAnOperatorIsToldOfAWorkspaceThatDoesNotExist(t *testing.T) {
	s, ctx := &rpc.Workspaces{Directory: directory{}}, asOperator(t)
	const workspace, app = "ws_nope", "vdo_client_a"
	for name, call := range map[string]func() error{
		"ListWorkspaceApps": func() error {
			_, err := s.ListWorkspaceApps(ctx, &consentv1.ListWorkspaceAppsRequest{WorkspaceId: workspace})
			return err
		},
		"EndWorkspaceApp": func() error {
			_, err := s.EndWorkspaceApp(ctx, &consentv1.EndWorkspaceAppRequest{WorkspaceId: workspace, ClientId: app})
			return err
		},
		"GetWorkspacePolicy": func() error {
			_, err := s.GetWorkspacePolicy(ctx, &consentv1.GetWorkspacePolicyRequest{WorkspaceId: workspace})
			return err
		},
		"SetWorkspacePolicy": func() error {
			_, err := s.SetWorkspacePolicy(ctx, &consentv1.SetWorkspacePolicyRequest{WorkspaceId: workspace})
			return err
		},
		"SetAppApproval": func() error {
			_, err := s.SetAppApproval(ctx, &consentv1.SetAppApprovalRequest{WorkspaceId: workspace, ClientId: app})
			return err
		},
		"ListAppRequests": func() error {
			_, err := s.ListAppRequests(ctx, &consentv1.ListAppRequestsRequest{WorkspaceId: workspace})
			return err
		},
		"DecideAppRequest": func() error {
			_, err := s.DecideAppRequest(ctx, &consentv1.DecideAppRequestRequest{WorkspaceId: workspace, ClientId: app})
			return err
		},
	} {
		if err := call(); oerr.Reason(err) != errorv1.Reason_REASON_NOT_FOUND || oerr.Field(err) != "workspace_id" {
			t.Errorf("%s: %v, want NOT_FOUND of workspace_id", name, err)
		}
	}
}

func TestRequestsForAppsAreListedInPages(t *testing.T) {
	store := requests{}
	for i := range 3 {
		store.list = append(store.list, policy.Request{ClientID: "app", User: oauth.NamedUser{UserID: "usr_ada"}, At: time.UnixMicro(int64(3 - i))})
	}
	s, ctx := &rpc.Workspaces{Policies: policy.Administration{Store: store}, Clients: store, Directory: directory{}}, asOperator(t)
	req := &consentv1.ListAppRequestsRequest{WorkspaceId: "ws_acme", PageSize: 2}
	first, err := s.ListAppRequests(ctx, req)
	if err != nil || len(first.GetRequests()) != 2 {
		t.Fatalf("%d requests, %v; want 2", len(first.GetRequests()), err)
	}
	req.PageToken = first.GetNextPageToken()
	second, err := s.ListAppRequests(ctx, req)
	if err != nil || len(second.GetRequests()) != 1 || second.GetNextPageToken() != "" {
		t.Errorf("%v, %v; want the last request and no further page", second, err)
	}
	for _, damaged := range []string{`["","app","usr_ada"]`, `["x","app","usr_ada"]`, `["","",""]`} {
		req.PageToken = base64.RawURLEncoding.EncodeToString([]byte(damaged))
		_, err := s.ListAppRequests(ctx, req)
		if oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST || oerr.Field(err) != "page_token" {
			t.Errorf("%s: %v, want INVALID_REQUEST of page_token", damaged, err)
		}
	}
}
