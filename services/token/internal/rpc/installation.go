package rpc

import (
	"context"
	"encoding/base64"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// maxClients is how many clients one ListInstallations call names.
const maxClients = 100

// ListInstallations returns the live grants of a user to clients.
func (s *Grants) ListInstallations(
	ctx context.Context, req *tokenv1.ListInstallationsRequest,
) (*tokenv1.ListInstallationsResponse, error) {
	if !identifier(req.GetUserId()) {
		return nil, invalid("user_id", "must be an identifier")
	}
	if len(req.GetClientIds()) > maxClients {
		return nil, invalid("client_ids", fmt.Sprintf("must be at most %d", maxClients))
	}
	for _, id := range req.GetClientIds() {
		if !identifier(id) {
			return nil, invalid("client_ids", "must be identifiers")
		}
	}
	list, err := s.Store.ListInstallations(ctx, req.GetUserId(), req.GetClientIds())
	if err != nil {
		return nil, toStatus(err)
	}
	res := &tokenv1.ListInstallationsResponse{Installations: make([]*tokenv1.Installation, len(list))}
	for i, found := range list {
		res.Installations[i] = &tokenv1.Installation{
			ClientId: found.ClientID, InstallationId: found.ID, WorkspaceId: found.WorkspaceID,
			CreateTime: timestamppb.New(found.CreatedAt), LastUseTime: timestamppb.New(found.LastUsed),
		}
	}
	return res, nil
}

// EndInstallation revokes one grant of a user-client before it returns.
func (s *Grants) EndInstallation(ctx context.Context, req *tokenv1.EndInstallationRequest) (*tokenv1.EndInstallationResponse, error) {
	if err := validateUserClient(req.GetUserId(), req.GetClientId()); err != nil {
		return nil, err
	}
	sent, err := base64.RawURLEncoding.DecodeString(req.GetInstallationId())
	if err != nil {
		return nil, invalid("installation_id", "must be an identifier")
	}
	id, err := secret.HashFromBytes(sent)
	if err != nil {
		return nil, invalid("installation_id", "must be an identifier")
	}
	u := oauth.UserClient{UserID: req.GetUserId(), ClientID: req.GetClientId()}
	return &tokenv1.EndInstallationResponse{}, toStatus(s.Store.EndInstallation(ctx, u, id))
}
