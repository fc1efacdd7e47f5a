package rpc

import (
	"context"
	"errors"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// errLifetimeOver is the cause when a stream has reached its lifetime.
var errLifetimeOver = errors.New("the stream has lasted for its lifetime")

// Revocations serves the revocation log to callers that cache responses.
type Revocations struct {
	tokenv1.UnsafeRevocationServiceServer

	Feed *feed.Feed
	// Heartbeat is the feed's heartbeat interval.
	Heartbeat time.Duration
	// Lifetime is how long a stream lasts before it ends with OK.
	Lifetime time.Duration
	// Digest returns the digest of the current catalog; nil sends none.
	Digest func() string
}

// WatchRevocations sends the log from a cursor on. It ends with OK after Lifetime and when the
// server stops, and with UNAVAILABLE when the log cannot be read.
func (s *Revocations) WatchRevocations(req *tokenv1.WatchRevocationsRequest, stream tokenv1.RevocationService_WatchRevocationsServer) error {
	ctx, cancel := context.WithTimeoutCause(stream.Context(), s.Lifetime, errLifetimeOver)
	defer cancel()
	watcher, err := s.Feed.Watch(ctx, req.Cursor)
	if err != nil {
		return s.streamStatus(err)
	}
	defer watcher.Close()
	for {
		batch, err := watcher.Next(ctx)
		if errors.Is(context.Cause(ctx), errLifetimeOver) {
			return nil
		}
		if err != nil {
			return s.streamStatus(err)
		}
		if err := stream.Send(s.toResponse(batch)); err != nil {
			return err
		}
	}
}

func (s *Revocations) streamStatus(err error) error {
	switch {
	case errors.Is(err, feed.ErrStopped):
		return nil
	case errors.Is(err, feed.ErrBehind):
		return oerr.Unavailable(err)
	}
	return toStatus(err)
}

func (s *Revocations) toResponse(b feed.Batch) *tokenv1.WatchRevocationsResponse {
	res := &tokenv1.WatchRevocationsResponse{
		Cursor: b.Cursor, Reset_: b.Reset, HeartbeatIntervalMs: s.Heartbeat.Milliseconds(),
	}
	if s.Digest != nil {
		res.CatalogDigest = s.Digest()
	}
	if len(b.Entries) > 0 {
		res.Revocations = make([]*tokenv1.Revocation, len(b.Entries))
	}
	for i := range b.Entries {
		res.Revocations[i] = toRevocation(&b.Entries[i])
	}
	return res
}

// toRevocation converts an entry with the fields that its kind needs, and no others. The enum of
// the contract has the same numbers.
func toRevocation(e *feed.Entry) *tokenv1.Revocation {
	r := e.Named()
	return &tokenv1.Revocation{
		Cursor: e.Cursor, Kind: tokenv1.RevocationKind(r.Kind), TokenHash: r.TokenHash, GrantId: r.FamilyID,
		UserId: r.UserID, ClientId: r.ClientID, WorkspaceId: r.WorkspaceID,
	}
}
