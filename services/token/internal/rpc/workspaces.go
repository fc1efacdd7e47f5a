package rpc

import (
	"context"
	"fmt"
	"slices"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/coalesce"
)

// Workspaces reads the plans of workspaces from the identity service. Concurrent calls are batched
// into one.
type Workspaces struct {
	plans *coalesce.Loader[string, string]
}

// NewWorkspaces returns Workspaces that reads from a directory.
func NewWorkspaces(directory identityv1.DirectoryServiceClient) Workspaces {
	return Workspaces{coalesce.New(func(ctx context.Context, ids []string) (map[string]string, error) {
		slices.Sort(ids)
		res, err := directory.BatchGetWorkspaces(ctx, &identityv1.BatchGetWorkspacesRequest{WorkspaceIds: slices.Compact(ids)})
		if err != nil {
			return nil, fmt.Errorf("reading workspaces: %w", err)
		}
		plans := make(map[string]string, len(res.GetWorkspaces()))
		for _, w := range res.GetWorkspaces() {
			plans[w.GetWorkspaceId()] = w.GetPlan()
		}
		return plans, nil
	})}
}

// Plan returns the workspace's current plan; empty when there is no such workspace.
func (w Workspaces) Plan(ctx context.Context, workspaceID string) (string, error) {
	plan, _, err := w.plans.Get(ctx, workspaceID)
	return plan, err
}
