package rpc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// maxEnded bounds the sessions of one request.
const maxEnded = 1000

// EndedSessions serves the outbox of sessions that have ended.
type EndedSessions struct {
	identityv1.UnsafeEndedSessionServiceServer

	Store session.EndedStore
}

// ListEndedSessions returns the sessions that are due.
func (s *EndedSessions) ListEndedSessions(
	ctx context.Context, req *identityv1.ListEndedSessionsRequest,
) (*identityv1.ListEndedSessionsResponse, error) {
	if req.GetLimit() < 1 || req.GetLimit() > maxEnded {
		return nil, invalid("limit", fmt.Sprintf("must be from 1 to %d", maxEnded))
	}
	list, err := s.Store.ListEndedSessions(ctx, int(req.GetLimit()))
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.ListEndedSessionsResponse{Sessions: convert.Each(list, func(e session.Ended) *identityv1.EndedSession {
		return &identityv1.EndedSession{Hash: e.Hash.Bytes(), UserId: e.UserID, EndTime: timestamppb.New(e.EndedAt), Again: e.Again}
	})}, nil
}

// AcknowledgeEndedSessions takes note of the sessions that were returned.
func (s *EndedSessions) AcknowledgeEndedSessions(
	ctx context.Context, req *identityv1.AcknowledgeEndedSessionsRequest,
) (*identityv1.AcknowledgeEndedSessionsResponse, error) {
	if len(req.GetSessions()) > maxEnded {
		return nil, invalid("sessions", fmt.Sprintf("must be at most %d", maxEnded))
	}
	var list []session.Ended
	for _, e := range req.GetSessions() {
		hash, err := secret.HashFromBytes(e.GetHash())
		if err != nil {
			return nil, invalid("sessions", "has a hash that is not one of a session")
		}
		list = append(list, session.Ended{Hash: hash, Again: e.GetAgain()})
	}
	err := s.Store.AcknowledgeEndedSessions(ctx, list)
	return &identityv1.AcknowledgeEndedSessionsResponse{}, toStatus(err)
}
