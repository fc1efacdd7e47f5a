package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// ListSessions returns the sessions of the user who has a session.
func (s *Sessions) ListSessions(ctx context.Context, req *identityv1.ListSessionsRequest) (*identityv1.ListSessionsResponse, error) {
	token := secret.New(req.GetSessionToken())
	current, list, err := s.Store.List(ctx, token)
	if err != nil {
		return nil, toStatus(err)
	}
	own := secret.Sum(token.Reveal())
	return &identityv1.ListSessionsResponse{
		Session: toSession(current),
		Sessions: convert.Each(list, func(l session.Listed) *identityv1.UserSession {
			return &identityv1.UserSession{
				SessionId: l.ID(), CreateTime: timestamppb.New(l.BegunAt), LastUseTime: timestamppb.New(l.UsedAt),
				UserAgent: l.UserAgent, Network: l.Network, Current: l.Hash == own,
			}
		}),
	}, nil
}

// EndUserSession ends a session of the user who has a session.
func (s *Sessions) EndUserSession(ctx context.Context, req *identityv1.EndUserSessionRequest) (*identityv1.EndUserSessionResponse, error) {
	on := device.New(req.GetUserAgent(), req.GetSourceAddress())
	err := s.Store.EndOne(ctx, secret.New(req.GetSessionToken()), req.GetSessionId(), on)
	return &identityv1.EndUserSessionResponse{}, toStatus(err)
}

// EndOtherSessions ends all sessions of a user and creates a new one for the browser of the request.
func (s *Sessions) EndOtherSessions(
	ctx context.Context, req *identityv1.EndOtherSessionsRequest,
) (*identityv1.EndOtherSessionsResponse, error) {
	token, started, err := s.Store.EndOthers(ctx, secret.New(req.GetSessionToken()), secret.New(req.GetForm()),
		device.New(req.GetUserAgent(), req.GetSourceAddress()))
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.EndOtherSessionsResponse{SessionToken: token.Reveal(), Session: toSession(started)}, nil
}
