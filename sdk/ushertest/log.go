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

// End makes a token inactive and writes that to the log.
func (s *Server) End(token string) {
	sum := sha256.Sum256([]byte(token))
	s.EndAll(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: sum[:]}, token)
}

// EndAll makes tokens inactive and writes one entry to the log, whose cursor it sets. Without tokens it only writes.
func (s *Server) EndAll(entry *tokenv1.Revocation, tokens ...string) {
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

// EndStreams ends every stream with OK, as the service does when a stream has lasted for its lifetime.
func (s *Server) EndStreams() { s.change(func() { s.generation, s.endsWith = s.generation+1, nil }) }

// Trim drops the log, so that whoever resumes before its end is told to forget everything.
func (s *Server) Trim() { s.change(func() { s.trimmed, s.log = s.head(), nil }) }

// Silence keeps streams from telling anything, heartbeats too, or ends that.
func (s *Server) Silence(silent bool) { s.change(func() { s.silent = silent }) }

// Fail makes every question and new stream fail with err; nil ends that. Streams that are open stay.
func (s *Server) Fail(err error) { s.change(func() { s.down = err }) }

// Asked are the questions so far.
func (s *Server) Asked() []*tokenv1.IntrospectTokenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*tokenv1.IntrospectTokenRequest(nil), s.asked...)
}

// Watched are the requests for streams so far.
func (s *Server) Watched() []*tokenv1.WatchRevocationsRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*tokenv1.WatchRevocationsRequest(nil), s.watched...)
}

// WatchRevocations tells the log.
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

// moment is what there is to tell behind a cursor.
type moment struct {
	ended, silent, news bool
	// endsWith is the status of a stream that has ended; nil for OK.
	endsWith error
	message  *tokenv1.WatchRevocationsResponse
	changed  chan struct{}
}

func (s *Server) at(cursor int64, generation int) moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	res := &tokenv1.WatchRevocationsResponse{
		Cursor: s.head(), HeartbeatIntervalMs: s.Heartbeat.Milliseconds(), CatalogDigest: s.catalog.GetDigest(),
	}
	if cursor < s.trimmed {
		res.Reset_ = true
	} else {
		res.Revocations = append(res.Revocations, s.log[cursor-s.trimmed:]...)
	}
	return moment{
		ended: generation != s.generation, endsWith: s.endsWith, silent: s.silent, news: res.GetReset_() || len(res.GetRevocations()) > 0,
		message: res, changed: s.changed,
	}
}
