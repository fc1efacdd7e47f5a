package rpc

import (
	"errors"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// Revocations serves whoever remembers answers.
type Revocations struct {
	tokenv1.UnsafeRevocationServiceServer

	Feed *feed.Feed
	// Heartbeat is the feed's.
	Heartbeat time.Duration
	// Digest is that of the catalog at this moment; nil where there is none.
	Digest func() string
}

// WatchRevocations tells the log from a cursor on. It ends without a failure when the server stops or the caller leaves, and
// with UNAVAILABLE when the log cannot be read: nothing is told by somebody who does not know.
func (s *Revocations) WatchRevocations(req *tokenv1.WatchRevocationsRequest, stream tokenv1.RevocationService_WatchRevocationsServer) error {
	ctx := stream.Context()
	watcher, err := s.Feed.Watch(ctx, req.Cursor)
	if err != nil {
		return s.ended(err)
	}
	defer watcher.Close()
	for {
		batch, err := watcher.Next(ctx)
		if err != nil {
			return s.ended(err)
		}
		if err := stream.Send(s.message(batch)); err != nil {
			return err
		}
	}
}

func (s *Revocations) ended(err error) error {
	switch {
	case errors.Is(err, feed.ErrStopped):
		return nil
	case errors.Is(err, feed.ErrBehind):
		return oerr.Unavailable(err)
	}
	return fail(err)
}

func (s *Revocations) message(b feed.Batch) *tokenv1.WatchRevocationsResponse {
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
		res.Revocations[i] = revocation(&b.Entries[i])
	}
	return res
}

// revocation tells what the entry's kind names, and no more.
func revocation(e *feed.Entry) *tokenv1.Revocation {
	r := &tokenv1.Revocation{Cursor: e.Cursor}
	switch e.Kind {
	case feed.Token:
		r.Kind, r.TokenHash = tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, e.TokenHash
	case feed.Family:
		r.Kind, r.GrantId = tokenv1.RevocationKind_REVOCATION_KIND_GRANT, e.Family
	case feed.Pair:
		r.Kind, r.UserId, r.ClientId = tokenv1.RevocationKind_REVOCATION_KIND_PAIR, e.UserID, e.ClientID
	case feed.User:
		r.Kind, r.UserId = tokenv1.RevocationKind_REVOCATION_KIND_USER, e.UserID
	case feed.Member:
		r.Kind, r.UserId, r.WorkspaceId = tokenv1.RevocationKind_REVOCATION_KIND_MEMBER, e.UserID, e.WorkspaceID
	case feed.Client:
		r.Kind, r.ClientId = tokenv1.RevocationKind_REVOCATION_KIND_CLIENT, e.ClientID
	case feed.Workspace:
		r.Kind, r.WorkspaceId = tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE, e.WorkspaceID
	case feed.AuthenticationApp:
		r.Kind = tokenv1.RevocationKind_REVOCATION_KIND_AUTHENTICATION_APP
	}
	return r
}
