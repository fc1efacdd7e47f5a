package rpc

import (
	"context"
	"fmt"
	"math"
	"slices"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/logout"
)

// maxNamed is the maximum number of clients in one BatchGetClients call.
const maxNamed = 1000

// LogoutClients is logout.Clients. A batch of events may end the sessions at any number of clients.
func (a Authz) LogoutClients(ctx context.Context, ids []string) (map[string]string, error) {
	algorithms := map[string]string{}
	for some := range slices.Chunk(ids, maxNamed) {
		res, err := a.Clients.BatchGetClients(ctx, &authzv1.BatchGetClientsRequest{ClientIds: some})
		if err != nil {
			return nil, fmt.Errorf("reading clients: %w", err)
		}
		for _, client := range res.GetClients() {
			if client.GetBackchannelLogoutUri() != "" {
				algorithms[client.GetClientId()] = client.GetIdTokenSignedResponseAlg()
			}
		}
	}
	return algorithms, nil
}

// SendLogoutToken is logout.Sender.
func (a Authz) SendLogoutToken(ctx context.Context, clientID string, token secret.String) (logout.Result, error) {
	res, err := a.Logouts.DeliverLogoutToken(ctx, &authzv1.DeliverLogoutTokenRequest{ClientId: clientID, LogoutToken: token.Reveal()})
	return logout.Result{Status: int(res.GetHttpStatus()), Problem: res.GetProblem(), Retry: res.GetRetry()}, oerr.Wrap("delivering a logout token", err)
}

// EndedSessions is logout.BrowserSessions.
func (i Identity) EndedSessions(ctx context.Context, limit int) ([]logout.BrowserSession, error) {
	res, err := i.Ended.ListEndedSessions(ctx, &identityv1.ListEndedSessionsRequest{Limit: int32(min(limit, math.MaxInt32))})
	if err != nil {
		return nil, fmt.Errorf("reading the sessions that have ended: %w", err)
	}
	var list []logout.BrowserSession
	for _, e := range res.GetSessions() {
		hash, err := secret.HashFromBytes(e.GetHash())
		if err != nil {
			return nil, fmt.Errorf("reading the sessions that have ended: %w", err)
		}
		list = append(list, logout.BrowserSession{Hash: hash, UserID: e.GetUserId(), Again: e.GetAgain()})
	}
	return list, nil
}

// AcknowledgeEnded is logout.BrowserSessions.
func (i Identity) AcknowledgeEnded(ctx context.Context, list []logout.BrowserSession) error {
	req := &identityv1.AcknowledgeEndedSessionsRequest{}
	for _, e := range list {
		req.Sessions = append(req.Sessions, &identityv1.EndedSession{Hash: e.Hash.Bytes(), UserId: e.UserID, Again: e.Again})
	}
	_, err := i.Ended.AcknowledgeEndedSessions(ctx, req)
	return oerr.Wrap("acknowledging sessions that have ended", err)
}

// DeliveryLog lists deliveries.
type DeliveryLog interface {
	// ListDeliveries returns at most limit deliveries with a smaller identifier, the newest first.
	ListDeliveries(ctx context.Context, clientID string, before int64, limit int) ([]logout.Record, error)
}

// LogoutDeliveries serves the log of logout tokens.
type LogoutDeliveries struct {
	tokenv1.UnsafeLogoutDeliveryServiceServer

	Log DeliveryLog
}

// ListLogoutDeliveries returns a page of the log.
func (s *LogoutDeliveries) ListLogoutDeliveries(
	ctx context.Context, req *tokenv1.ListLogoutDeliveriesRequest,
) (*tokenv1.ListLogoutDeliveriesResponse, error) {
	p, err := paging.Of(req, 1)
	if err != nil {
		return nil, err
	}
	before := int64(math.MaxInt64)
	if !p.First() {
		if before, err = p.Number(0); err != nil {
			return nil, err
		}
	}
	list, err := s.Log.ListDeliveries(ctx, req.GetClientId(), before, p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(r logout.Record) []string { return []string{paging.FormatNumber(r.ID)} })
	return &tokenv1.ListLogoutDeliveriesResponse{Deliveries: convert.Each(list, delivery), NextPageToken: next}, nil
}

func delivery(r logout.Record) *tokenv1.LogoutDelivery {
	state := tokenv1.LogoutDeliveryState_LOGOUT_DELIVERY_STATE_PENDING
	switch {
	case r.Delivered:
		state = tokenv1.LogoutDeliveryState_LOGOUT_DELIVERY_STATE_DELIVERED
	case r.Finished:
		state = tokenv1.LogoutDeliveryState_LOGOUT_DELIVERY_STATE_FAILED
	}
	return &tokenv1.LogoutDelivery{
		ClientId: r.ClientID, Subject: r.Subject, SessionId: r.Session.ID, Reason: r.Reason, State: state, Attempts: int32(r.Attempts),
		HttpStatus: int32(r.Status), Problem: r.Problem, CreateTime: convert.TimeToProto(r.CreatedAt), AttemptTime: convert.TimeToProto(r.AttemptedAt),
		NextAttemptTime: convert.TimeToProto(r.DueAt),
	}
}
