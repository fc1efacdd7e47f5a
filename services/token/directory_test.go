package token_test

import (
	"context"
	"sync"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// directory is the identity service on the wire: workspaces and their plans.
type directory struct {
	identityv1.UnimplementedDirectoryServiceServer

	mu    sync.Mutex
	plans map[string]string
	down  error
	asked int
}

func newDirectory() *directory {
	return &directory{plans: map[string]string{"ws_acme": "pro", "ws_doe": "free"}}
}

func (d *directory) BatchGetWorkspaces(
	_ context.Context, req *identityv1.BatchGetWorkspacesRequest,
) (*identityv1.BatchGetWorkspacesResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	res := &identityv1.BatchGetWorkspacesResponse{}
	for _, id := range req.GetWorkspaceIds() {
		if plan, ok := d.plans[id]; ok {
			res.Workspaces = append(res.Workspaces, &identityv1.Workspace{WorkspaceId: id, Plan: plan})
		}
	}
	return res, d.down
}

// set changes a workspace's plan; the empty one removes the workspace.
func (d *directory) set(workspaceID, plan string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.plans[workspaceID] = plan; plan == "" {
		delete(d.plans, workspaceID)
	}
}

func (d *directory) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = err
}
