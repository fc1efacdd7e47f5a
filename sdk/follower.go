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

// The cache is trusted for three heartbeat intervals, within limits: one lost packet does not
// interrupt it, and a wrong interval of the server does not make the client trust the cache for
// long.
const (
	trustedIntervals = 3
	minBound         = 750 * time.Millisecond
	maxBound         = 30 * time.Second
	// minSilence is the minimum time without a message after which a stream is replaced, so that a
	// busy machine does not cause it.
	minSilence = time.Second
	// initialBound applies until the server has sent its interval.
	initialBound = 3 * time.Second
	// unsupportedPause is the interval between attempts with a server without a revocation log.
	unsupportedPause = time.Minute
	// stableAfter is the age from which on the end of a stream resets the backoff.
	stableAfter = time.Second
)

var errSilent = errors.New("the revocation log sent no message within the timeout")

// follower follows the revocation log. It is used by one goroutine.
type follower struct {
	service   tokenv1.RevocationServiceClient
	cache     *cache
	catalog   *catalog
	readiness *readiness
	logger    *slog.Logger
	now       func() time.Duration
	// reconnect replaces a connection that is open and delivers nothing; nil where the connection
	// is the caller's.
	reconnect func()
	bound     time.Duration
}

func (f *follower) run(ctx context.Context) {
	var pauses backoff
	for {
		start := f.now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if f.now()-start > stableAfter {
			pauses.reset()
		}
		if !f.recover(ctx, err, &pauses) {
			return
		}
	}
}

// recover handles the end of a stream and waits for the next attempt; it returns false where ctx
// ended. A stream that ends with OK has reached its maximum lifetime: the next one continues after
// its last message, and there is no error.
func (f *follower) recover(ctx context.Context, err error, pauses *backoff) bool {
	if errors.Is(err, io.EOF) && pauses.first() {
		f.logger.LogAttrs(ctx, slog.LevelDebug, "revocation stream ended by the server, resuming")
		return pauses.wait(ctx)
	}
	unsupported := status.Code(err) == codes.Unimplemented
	if f.readiness.setLost(err, unsupported) {
		f.logger.LogAttrs(ctx, slog.LevelWarn, "revocation log lost", slog.Any("error", err))
	}
	f.catalog.refresh() // without the stream no message has the digest of a new one
	if unsupported {
		f.cache.trustUntil(0)
		return pause(ctx, unsupportedPause)
	}
	if errors.Is(err, errSilent) && f.reconnect != nil {
		f.reconnect()
	}
	return pauses.wait(ctx)
}

// follow opens a stream that continues the last one, and applies its messages until it ends or
// sends none within the timeout.
func (f *follower) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(f.longestSilence(), func() { cancel(errSilent) })
	defer silence.Stop()
	request := f.cache.resumeRequest()
	s := streamState{resumed: request.Cursor != nil, previous: f.now()}
	stream, err := f.service.WatchRevocations(ctx, request, grpc.WaitForReady(true))
	for err == nil {
		var res *tokenv1.WatchRevocationsResponse
		if res, err = stream.Recv(); err == nil {
			if f.now()-s.previous > f.longestSilence() {
				// This process was suspended, and the messages that it finds now are from before.
				return errSilent
			}
			f.apply(ctx, &s, res)
			silence.Reset(f.longestSilence())
		}
	}
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// longestSilence is how long a stream may send nothing.
func (f *follower) longestSilence() time.Duration { return max(f.bound, minSilence) }

// streamState is the state of one stream. It is caughtUp once all revocations from before it was
// opened have been received.
type streamState struct {
	resumed, started, caughtUp bool
	startedAt                  time.Duration
	// previous is a time before which the next message cannot have been created: the arrival of the
	// message before it, or the start of the request.
	previous time.Duration
}

// apply applies a message before it trusts the cache because of it.
//
// A message says nothing about the time of its arrival: the server may have created it, been
// suspended for a minute, and sent it then. But the server creates a message only after it has sent
// the one before. So trust is counted from the arrival of the previous message, and the first
// message after a silence gives none.
func (f *follower) apply(ctx context.Context, s *streamState, res *tokenv1.WatchRevocationsResponse) {
	now, previous := f.now(), s.previous
	s.previous = now
	f.bound = boundOf(res.GetHeartbeatIntervalMs())
	if !s.started {
		s.started, s.startedAt = true, now
		if !s.resumed { // the stream omits earlier revocations, which a cached response may not reflect
			f.cache.clear()
		}
		s.caughtUp = !s.resumed
	}
	f.cache.apply(res)
	f.catalog.checkDigest(res.GetCatalogDigest())
	if !f.catchUp(s, res, now) {
		return
	}
	f.cache.trustUntil(previous + f.bound)
	if f.readiness.setFollowing() {
		f.logger.LogAttrs(ctx, slog.LevelInfo, "revocation log followed", slog.Duration("bound", f.bound))
	}
}

// catchUp reports whether a resumed stream has reached the end of the log, which is the first
// message without revocations. Where the stream keeps sending revocations, it clears the cache
// instead of waiting.
func (f *follower) catchUp(s *streamState, res *tokenv1.WatchRevocationsResponse, now time.Duration) bool {
	if s.caughtUp || res.GetReset_() || len(res.GetRevocations()) == 0 {
		s.caughtUp = true
	} else if now-s.startedAt > f.bound/trustedIntervals {
		f.cache.clear()
		s.caughtUp = true
	}
	return s.caughtUp
}

func boundOf(heartbeatMillis int64) time.Duration {
	if heartbeatMillis <= 0 {
		return initialBound
	}
	heartbeat := time.Duration(min(heartbeatMillis, maxBound.Milliseconds())) * time.Millisecond
	return min(max(trustedIntervals*heartbeat, minBound), maxBound)
}
