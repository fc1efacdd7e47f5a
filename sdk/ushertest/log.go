package ushertest

import (
	"crypto/sha256"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Revoke makes a token inactive and appends an entry to the revocation log.
func (s *Server) Revoke(token string) {
	sum := sha256.Sum256([]byte(token))
	s.RevokeWith(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: sum[:]}, token)
}

// RevokeWith makes tokens inactive and appends one entry to the log, whose cursor it sets. Without
// tokens it only appends.
func (s *Server) RevokeWith(entry *tokenv1.Revocation, tokens ...string) {
	s.change(func() {
		for _, token := range tokens {
			delete(s.tokens, token)
		}
		entry = proto.CloneOf(entry)
		entry.Cursor = s.head() + 1
		s.log = append(s.log, entry)
	})
}

func (s *Server) head() int64 { return s.trimmed + int64(len(s.log)) }

// Break ends every stream with UNAVAILABLE, as the service does when it cannot read its log.
func (s *Server) Break() {
	s.change(func() {
		s.generation, s.endsWith = s.generation+1, status.Error(codes.Unavailable, "the log cannot be read")
	})
}

// EndStreams ends every stream with OK, as the service does at the end of a stream's lifetime.
func (s *Server) EndStreams() { s.change(func() { s.generation, s.endsWith = s.generation+1, nil }) }

// Trim deletes the log's entries, so that a client that resumes before its end receives a reset.
func (s *Server) Trim() { s.change(func() { s.trimmed, s.log = s.head(), nil }) }

// Silence stops all messages of streams, including heartbeats, or resumes them.
func (s *Server) Silence(silent bool) { s.change(func() { s.silent = silent }) }

// Fail makes every call and new stream fail with err; nil ends that. Open streams continue.
func (s *Server) Fail(err error) { s.change(func() { s.down = err }) }

// Introspections returns the introspection requests so far.
func (s *Server) Introspections() []*tokenv1.IntrospectTokenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*tokenv1.IntrospectTokenRequest(nil), s.introspections...)
}

// WatchRequests returns the requests for streams so far.
func (s *Server) WatchRequests() []*tokenv1.WatchRevocationsRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*tokenv1.WatchRevocationsRequest(nil), s.watched...)
}

// WatchRevocations streams the log.
func (s *Server) WatchRevocations(req *tokenv1.WatchRevocationsRequest, stream grpc.ServerStreamingServer[tokenv1.WatchRevocationsResponse]) error {
	s.mu.Lock()
	s.watched = append(s.watched, req)
	cursor, generation, down := s.head(), s.generation, s.down
	if req.Cursor != nil {
		cursor = req.GetCursor()
	}
	s.mu.Unlock()
	if down != nil {
		return down
	}
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for due := true; ; {
		now := s.at(cursor, generation)
		switch {
		case now.ended:
			return now.endsWith
		case !now.silent && (due || now.news):
			if err := stream.Send(now.message); err != nil {
				return err
			}
			cursor, due = now.message.GetCursor(), false
			continue
		}
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-now.changed:
		case <-beat.C:
			due = true
		}
	}
}

// update is the next message of a stream at a cursor.
type update struct {
	ended, silent, news bool
	// endsWith is the status of a stream that has ended; nil for OK.
	endsWith error
	message  *tokenv1.WatchRevocationsResponse
	changed  chan struct{}
}

func (s *Server) at(cursor int64, generation int) update {
	s.mu.Lock()
	defer s.mu.Unlock()
	res := &tokenv1.WatchRevocationsResponse{
		Cursor: s.head(), HeartbeatIntervalMs: s.Heartbeat.Milliseconds(), CatalogDigest: s.catalog.GetDigest(),
	}
	if cursor < s.trimmed || cursor > s.head() { // a cursor beyond the end is of another log, as after a restore
		res.Reset_ = true
	} else {
		res.Revocations = append(res.Revocations, s.log[cursor-s.trimmed:]...)
	}
	return update{
		ended: generation != s.generation, endsWith: s.endsWith, silent: s.silent, news: res.GetReset_() || len(res.GetRevocations()) > 0,
		message: res, changed: s.changed,
	}
}
