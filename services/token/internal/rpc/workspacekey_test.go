package rpc_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/peer"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// keyList is a store with keys of one workspace, the newest first.
type keyList struct {
	apikey.Store

	keys []apikey.Key
}

func (l keyList) ListKeys(_ context.Context, _ string, after apikey.Key, limit int) ([]apikey.Key, error) {
	var page []apikey.Key
	for _, k := range l.keys {
		if (after.CreatedAt.IsZero() || k.CreatedAt.Before(after.CreatedAt)) && len(page) < limit {
			page = append(page, k)
		}
	}
	return page, nil
}

// knownWorkspace is a directory in which every workspace exists but ws_nope.
type knownWorkspace struct{}

func (knownWorkspace) Plan(_ context.Context, workspaceID string) (string, error) {
	if workspaceID == "ws_nope" {
		return "", nil
	}
	return "pro", nil
}

func keysOf(n int) apikey.Keys {
	var list keyList
	for i := range n {
		list.keys = append(list.keys, apikey.Key{ID: fmt.Sprintf("key_%d", i), CreatedAt: time.UnixMicro(int64(n - i))})
	}
	return apikey.Keys{Store: list, Workspaces: knownWorkspace{}}
}

// asOperator returns the context of a call by an operator.
func asOperator(t *testing.T) context.Context {
	t.Helper()
	return peer.NewContext(t.Context(), &peer.Peer{AuthInfo: policy.Caller{Name: "operator"}})
}

func TestWorkspaceKeysAreListedInPages(t *testing.T) {
	s := &rpc.WorkspaceKeys{Keys: keysOf(3)}
	req := &tokenv1.ListWorkspaceKeysRequest{WorkspaceId: "ws_acme", PageSize: 2}
	first, err := s.ListWorkspaceKeys(asOperator(t), req)
	if err != nil || len(first.GetApiKeys()) != 2 {
		t.Fatalf("%d keys, %v; want 2", len(first.GetApiKeys()), err)
	}
	req.PageToken = first.GetNextPageToken()
	second, err := s.ListWorkspaceKeys(asOperator(t), req)
	if err != nil || len(second.GetApiKeys()) != 1 || second.GetNextPageToken() != "" {
		t.Errorf("%v, %v; want the last key and no further page", second, err)
	}
	_, err = s.ListWorkspaceKeys(asOperator(t), &tokenv1.ListWorkspaceKeysRequest{WorkspaceId: "ws_nope"})
	failsAs(t, err, errorv1.Reason_REASON_NOT_FOUND, "workspace_id")
	for _, damaged := range []string{`["","key_1"]`, `["x","key_1"]`, `["",""]`} {
		req.PageToken = base64.RawURLEncoding.EncodeToString([]byte(damaged))
		_, err := s.ListWorkspaceKeys(asOperator(t), req)
		failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "page_token")
	}
}

func TestAPIKeysAreListedInPagesAndInTheLargestWithoutASize(t *testing.T) {
	s := &rpc.APIKeys{Keys: keysOf(1001)}
	req := &tokenv1.ListApiKeysRequest{WorkspaceId: "ws_acme"}
	first, err := s.ListApiKeys(t.Context(), req)
	if err != nil || len(first.GetApiKeys()) != 1000 {
		t.Fatalf("%d keys, %v; want 1,000", len(first.GetApiKeys()), err)
	}
	req.PageToken = first.GetNextPageToken()
	second, err := s.ListApiKeys(t.Context(), req)
	if err != nil || len(second.GetApiKeys()) != 1 || second.GetNextPageToken() != "" {
		t.Errorf("%d keys, %v; want the last key and no further page", len(second.GetApiKeys()), err)
	}
	req.PageToken = "x"
	_, err = s.ListApiKeys(t.Context(), req)
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "page_token")
}
