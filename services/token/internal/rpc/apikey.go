package rpc

import (
	"context"
	"errors"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/token/internal/apikey"
)

// APIKeys serves operators.
type APIKeys struct {
	tokenv1.UnsafeApiKeyServiceServer

	Keys apikey.Keys
}

// CreateApiKey creates a key.
func (s *APIKeys) CreateApiKey(
	ctx context.Context, req *tokenv1.CreateApiKeyRequest,
) (*tokenv1.CreateApiKeyResponse, error) {
	if !identifier(req.GetWorkspaceId()) {
		return nil, invalid("workspace_id", "must be an identifier")
	}
	facts, key, err := s.Keys.Create(ctx, apikey.Draft{WorkspaceID: req.GetWorkspaceId(), Name: req.GetName()})
	return &tokenv1.CreateApiKeyResponse{ApiKey: keyFacts(facts), Key: key.Reveal()}, keyToStatus(err)
}

// ListApiKeys lists a page of a workspace's keys.
func (s *APIKeys) ListApiKeys(
	ctx context.Context, req *tokenv1.ListApiKeysRequest,
) (*tokenv1.ListApiKeysResponse, error) {
	if !identifier(req.GetWorkspaceId()) {
		return nil, invalid("workspace_id", "must be an identifier")
	}
	p, err := paging.OfLargest(req, keyPlace)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOfKeys(ctx, s.Keys, req.GetWorkspaceId(), p)
	if err != nil {
		return nil, err
	}
	return &tokenv1.ListApiKeysResponse{ApiKeys: list, NextPageToken: next}, nil
}

// keyPlace is how many values identify the last key of a page: its time and its identifier.
const keyPlace = 2

// pageOfKeys returns a page of a workspace's keys, and the token of the next one.
func pageOfKeys(ctx context.Context, keys apikey.Keys, workspaceID string, p paging.Page) ([]*tokenv1.ApiKey, string, error) {
	created, err := p.Time(0)
	if err != nil {
		return nil, "", err
	}
	list, err := keys.List(ctx, workspaceID, apikey.Key{CreatedAt: created, ID: p.After[1]}, p.Size+1)
	if err != nil {
		return nil, "", keyToStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(k apikey.Key) []string { return []string{paging.FormatTime(k.CreatedAt), k.ID} })
	return convert.Each(list, keyFacts), next, nil
}

// RevokeApiKey revokes a key at every replica before it returns.
func (s *APIKeys) RevokeApiKey(
	ctx context.Context, req *tokenv1.RevokeApiKeyRequest,
) (*tokenv1.RevokeApiKeyResponse, error) {
	if !identifier(req.GetKeyId()) {
		return nil, invalid("key_id", "must be an identifier")
	}
	err := s.Keys.Revoke(ctx, "", req.GetKeyId())
	return &tokenv1.RevokeApiKeyResponse{}, keyToStatus(err)
}

func keyToStatus(err error) error {
	var field *oauth.FieldError
	switch {
	case errors.As(err, &field):
		return invalid(field.Field, field.Problem)
	case errors.Is(err, apikey.ErrFull):
		return invalid("workspace_id", apikey.ErrFull.Error())
	case errors.Is(err, apikey.ErrNoWorkspace):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, apikey.ErrNoWorkspace.Error(), oerr.WithField("workspace_id"))
	case errors.Is(err, apikey.ErrUnknown):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, apikey.ErrUnknown.Error(), oerr.WithField("key_id"))
	}
	return toStatus(err)
}

func keyFacts(k apikey.Key) *tokenv1.ApiKey {
	return &tokenv1.ApiKey{
		KeyId: k.ID, WorkspaceId: k.WorkspaceID, Name: k.Name, Prefix: apikey.Prefix, LastFour: k.LastFour,
		CreateTime: convert.TimeToProto(k.CreatedAt), LastUseTime: convert.TimeToProto(k.LastUsedAt), RevokeTime: convert.TimeToProto(k.RevokedAt),
		Scopes: k.Scopes, AllowedAddresses: k.Addresses.Strings(), ExpireTime: convert.TimeToProto(k.ExpiresAt), Live: k.Live,
		CreatorUserId: k.Creator.UserID, CreatorName: k.Creator.Name, SuccessorKeyId: k.SuccessorID,
	}
}
