package rpc_test

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"google.golang.org/grpc/peer"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
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

func TestRequestsForAppsAreListedInPages(t *testing.T) {
	store := requests{}
	for i := range 3 {
		store.list = append(store.list, policy.Request{ClientID: "app", User: oauth.NamedUser{UserID: "usr_ada"}, At: time.UnixMicro(int64(3 - i))})
	}
	s := &rpc.Workspaces{Policies: policy.Administration{Store: store}, Clients: store}
	ctx := peer.NewContext(t.Context(), &peer.Peer{AuthInfo: platformpolicy.Caller{Name: "operator"}})
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
