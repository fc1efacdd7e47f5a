package rpc

import (
	"context"
	"fmt"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// Workspaces implements registry.Workspaces with the identity service.
type Workspaces struct {
	Client identityv1.DirectoryServiceClient
}

// Exists reports whether there is a workspace with the identifier.
func (w Workspaces) Exists(ctx context.Context, id string) (bool, error) {
	res, err := w.Client.BatchGetWorkspaces(ctx, &identityv1.BatchGetWorkspacesRequest{WorkspaceIds: []string{id}})
	if err != nil {
		return false, fmt.Errorf("reading a workspace: %w", err)
	}
	return len(res.GetWorkspaces()) == 1, nil
}
