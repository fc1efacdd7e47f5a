package rpc

import (
	"context"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/workspaceadmin"
	"github.com/vidocu/usher/services/token/internal/apikey"
)

// WorkspaceKeys serves the administrators of workspaces, and operators.
type WorkspaceKeys struct {
	tokenv1.UnsafeWorkspaceKeyServiceServer

	Keys     apikey.Keys
	Sessions identityv1.SessionServiceClient
}

// administrator returns who sent a request, once its identifiers are validated.
func (s *WorkspaceKeys) administrator(ctx context.Context, req workspaceadmin.Request, ids ...namedField) (oauth.NamedUser, error) {
	if err := validateIdentifiers(append(ids, namedField{"workspace_id", req.GetWorkspaceId()})...); err != nil {
		return oauth.NamedUser{}, err
	}
	return workspaceadmin.Administrator(ctx, s.Sessions, req)
}

// ListWorkspaceKeys lists a workspace's keys.
func (s *WorkspaceKeys) ListWorkspaceKeys(
	ctx context.Context, req *tokenv1.ListWorkspaceKeysRequest,
) (*tokenv1.ListWorkspaceKeysResponse, error) {
	by, err := s.administrator(ctx, req)
	if err != nil {
		return nil, err
	}
	if by.UserID == "" { // an operator: the workspace of an administrator exists
		if err := s.Keys.CheckWorkspace(ctx, req.GetWorkspaceId()); err != nil {
			return nil, keyToStatus(err)
		}
	}
	p, err := paging.Of(req, keyPlace)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOfKeys(ctx, s.Keys, req.GetWorkspaceId(), p)
	if err != nil {
		return nil, err
	}
	return &tokenv1.ListWorkspaceKeysResponse{ApiKeys: list, NextPageToken: next}, nil
}

// CreateWorkspaceKey creates a key.
func (s *WorkspaceKeys) CreateWorkspaceKey(
	ctx context.Context, req *tokenv1.CreateWorkspaceKeyRequest,
) (*tokenv1.CreateWorkspaceKeyResponse, error) {
	creator, err := s.administrator(ctx, req)
	if err != nil {
		return nil, err
	}
	lifetime, ok := seconds(req.GetLifetimeSeconds())
	if !ok {
		return nil, invalid("lifetime_seconds", "is too long")
	}
	facts, key, err := s.Keys.Create(ctx, apikey.Draft{
		WorkspaceID: req.GetWorkspaceId(), Name: req.GetName(), Scopes: req.GetScopes(), Addresses: req.GetAllowedAddresses(),
		Lifetime: lifetime, Creator: creator,
	})
	return &tokenv1.CreateWorkspaceKeyResponse{ApiKey: keyFacts(facts), Key: key.Reveal()}, keyToStatus(err)
}

// RotateWorkspaceKey replaces a key.
func (s *WorkspaceKeys) RotateWorkspaceKey(
	ctx context.Context, req *tokenv1.RotateWorkspaceKeyRequest,
) (*tokenv1.RotateWorkspaceKeyResponse, error) {
	creator, err := s.administrator(ctx, req, namedField{"key_id", req.GetKeyId()})
	if err != nil {
		return nil, err
	}
	overlap, ok := seconds(req.GetOverlapSeconds())
	if !ok {
		return nil, invalid("overlap_seconds", "is too long")
	}
	created, replaced, key, err := s.Keys.Rotate(ctx, apikey.Rotation{
		WorkspaceID: req.GetWorkspaceId(), KeyID: req.GetKeyId(), Overlap: overlap, Creator: creator,
	})
	return &tokenv1.RotateWorkspaceKeyResponse{ApiKey: keyFacts(created), Key: key.Reveal(), Replaced: keyFacts(replaced)}, keyToStatus(err)
}

// RevokeWorkspaceKey revokes a key at every replica before it returns.
func (s *WorkspaceKeys) RevokeWorkspaceKey(
	ctx context.Context, req *tokenv1.RevokeWorkspaceKeyRequest,
) (*tokenv1.RevokeWorkspaceKeyResponse, error) {
	by, err := s.administrator(ctx, req, namedField{"key_id", req.GetKeyId()})
	if err != nil {
		return nil, err
	}
	if by.UserID != "" {
		ctx = actor.With(ctx, actor.OfUser(by.UserID)) // of the event
	}
	err = s.Keys.Revoke(ctx, req.GetWorkspaceId(), req.GetKeyId())
	return &tokenv1.RevokeWorkspaceKeyResponse{}, keyToStatus(err)
}

// maxSeconds is a hundred years: more would not fit into a time.Duration.
const maxSeconds = 100 * 366 * 24 * 60 * 60

// seconds converts a number of seconds; ok is false for one that no field allows.
func seconds(n int64) (d time.Duration, ok bool) {
	if n < -maxSeconds || n > maxSeconds {
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}
