package usher

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// The bound on silence is three heartbeat intervals, within limits: one lost packet is no break, and an interval that the
// server names wrongly does not make the client trust for long.
const (
	intervals     = 3
	shortestBound = time.Second
	longestBound  = 30 * time.Second
	// firstBound serves until the server has named its interval.
	firstBound = 3 * time.Second
	// unablePause is between attempts at a server without a log.
	unablePause = time.Minute
	// steady is how long a stream lives before its end is no sign of trouble.
	steady = time.Second
)

var errSilent = errors.New("nothing has come from the revocation log for too long")

// follower follows the revocation log. One goroutine uses it.
type follower struct {
	service tokenv1.RevocationServiceClient
	memory  *memory
	catalog *catalog
	state   *state
	logger  *slog.Logger
	now     func() time.Duration
	// renew replaces a connection that looks whole and carries nothing; nil where the connection is the caller's.
	renew func()
	bound time.Duration
}

func (f *follower) run(ctx context.Context) {
	var pauses backoff
	for {
		began := f.now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if f.now()-began > steady {
			pauses.reset()
		}
		if !f.recover(ctx, err, &pauses) {
			return
		}
	}
}

// recover does what the end of a stream asks for and waits for the next attempt; it reports false when ctx ended. A stream that
// ends with OK has lasted for its lifetime: the next one continues after its last message, and nothing is amiss.
func (f *follower) recover(ctx context.Context, err error, pauses *backoff) bool {
	if errors.Is(err, io.EOF) && pauses.first() {
		f.logger.LogAttrs(ctx, slog.LevelDebug, "revocation stream ended by the server, resuming")
		return pauses.wait(ctx)
	}
	unable := status.Code(err) == codes.Unimplemented
	if f.state.lost(err, unable) {
		f.logger.LogAttrs(ctx, slog.LevelWarn, "revocation log lost", slog.Any("error", err))
	}
	if unable {
		f.memory.trust(0)
		f.catalog.refresh()
		return pause(ctx, unablePause)
	}
	if errors.Is(err, errSilent) && f.renew != nil {
		f.renew()
	}
	return pauses.wait(ctx)
}

// follow opens the stream where the last one ended and takes in what it tells until it breaks or falls silent.
func (f *follower) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(f.bound, func() { cancel(errSilent) })
	defer silence.Stop()
	request := f.memory.resume()
	stream, err := f.service.WatchRevocations(ctx, request, grpc.WaitForReady(true))
	s := session{resumed: request.Cursor != nil}
	for err == nil {
		var res *tokenv1.WatchRevocationsResponse
		if res, err = stream.Recv(); err == nil {
			f.take(ctx, &s, res)
			silence.Reset(f.bound)
		}
	}
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// session is what is known of one stream. It is settled when everything that ended before it was opened has been told.
type session struct {
	resumed, begun, settled bool
	since                   time.Duration
}

// take applies a message before it trusts anything for it.
func (f *follower) take(ctx context.Context, s *session, res *tokenv1.WatchRevocationsResponse) {
	now := f.now()
	f.bound = boundOf(res.GetHeartbeatIntervalMs())
	if !s.begun {
		s.begun, s.since = true, now
		if !s.resumed { // what ended before this message is not told, and what was asked before it may not know
			f.memory.forgetAll()
		}
		s.settled = !s.resumed
	}
	f.memory.apply(res)
	f.catalog.announced(res.GetCatalogDigest())
	if !f.settle(s, res, now) {
		return
	}
	f.memory.trust(now + f.bound)
	if f.state.following() {
		f.logger.LogAttrs(ctx, slog.LevelInfo, "revocation log followed", slog.Duration("bound", f.bound))
	}
}

// settle reports whether a resumed stream has come to the end of the log: it has when it has nothing to tell. One that goes on
// telling is not waited for: what was remembered from before is forgotten instead.
func (f *follower) settle(s *session, res *tokenv1.WatchRevocationsResponse, now time.Duration) bool {
	if s.settled || res.GetReset_() || len(res.GetRevocations()) == 0 {
		s.settled = true
	} else if now-s.since > f.bound/intervals {
		f.memory.forgetAll()
		s.settled = true
	}
	return s.settled
}

func boundOf(heartbeatMillis int64) time.Duration {
	if heartbeatMillis <= 0 {
		return firstBound
	}
	heartbeat := time.Duration(min(heartbeatMillis, longestBound.Milliseconds())) * time.Millisecond
	return min(max(intervals*heartbeat, shortestBound), longestBound)
}
