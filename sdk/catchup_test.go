package usher

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// newTestFollower returns a follower that a test sends messages at chosen times, with one cached
// token.
func newTestFollower() (f *follower, at *time.Duration, k key) {
	at = new(time.Duration)
	now := func() time.Duration { return *at }
	m := newCache(8, now)
	f = &follower{cache: m, catalog: newCatalog(nil, newReadiness(), slog.New(slog.DiscardHandler)), readiness: newReadiness(), logger: slog.New(slog.DiscardHandler), now: now}
	f.apply(context.Background(), &streamState{}, messageWith(0))
	e := entryNumber(1)
	m.store(m.startLookup(), e)
	return f, at, e.key
}

func messageWith(entries int) *tokenv1.WatchRevocationsResponse {
	res := &tokenv1.WatchRevocationsResponse{HeartbeatIntervalMs: 1000}
	for range entries {
		res.Revocations = append(res.Revocations, &tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	}
	return res
}

func TestAResumedStreamIsTrustedAtTheEndOfTheLog(t *testing.T) {
	f, at, k := newTestFollower()
	*at += time.Minute
	s := streamState{resumed: true}
	for range 3 {
		f.apply(t.Context(), &s, messageWith(1))
		if f.cache.isTrusted(*at) {
			t.Fatal("trusted before the end of the log")
		}
	}
	f.apply(t.Context(), &s, messageWith(0))
	if f.cache.get(&k, *at) == nil {
		t.Error("evicted, or not trusted at the end of the log")
	}
	f.apply(t.Context(), &s, messageWith(1))
	if f.cache.get(&k, *at) == nil {
		t.Error("evicted, or not trusted, after a later entry of another user")
	}
	if *at += 3 * time.Second; f.cache.isTrusted(*at) {
		t.Error("trusted three intervals after the last message")
	}
}

func TestAResumedStreamThatDoesNotCatchUpClearsTheCache(t *testing.T) {
	f, at, k := newTestFollower()
	*at += time.Minute
	s := streamState{resumed: true}
	f.apply(t.Context(), &s, messageWith(1))
	*at += 1001 * time.Millisecond
	f.apply(t.Context(), &s, messageWith(1))
	if !f.cache.isTrusted(*at) || f.cache.get(&k, *at) != nil {
		t.Error("not trusted, or an earlier entry is still cached")
	}
}

func TestANewStreamClearsTheCache(t *testing.T) {
	f, at, k := newTestFollower()
	earlier := f.cache.startLookup()
	f.apply(t.Context(), &streamState{}, messageWith(0))
	if f.cache.get(&k, *at) != nil || f.cache.store(earlier, entryNumber(2)) {
		t.Error("a response from before the stream is cached")
	}
}

func TestTheBoundIsThreeIntervalsWithinLimits(t *testing.T) {
	for interval, want := range map[int64]time.Duration{
		0: 3 * time.Second, -5: 3 * time.Second, 1: 750 * time.Millisecond, 250: 750 * time.Millisecond, 1000: 3 * time.Second, 60_000: 30 * time.Second,
		1 << 62: 30 * time.Second,
	} {
		if got := boundOf(interval); got != want {
			t.Errorf("%d ms: %v, want %v", interval, got, want)
		}
	}
}

// TestFault_E8_AMessageFromBeforeAPauseIsNotTrusted: a replica that was suspended between creating
// and sending a heartbeat was trusted for three more heartbeats, so that tokens which another
// replica had revoked were allowed.
func TestFault_E8_AMessageFromBeforeAPauseIsNotTrusted(t *testing.T) {
	f, at, _ := newTestFollower()
	s := streamState{}
	for range 3 {
		f.apply(t.Context(), &s, messageWith(0))
		*at += time.Second
	}
	if !f.cache.isTrusted(*at) || f.cache.isTrusted(*at+time.Second) {
		t.Error("trust is not counted from the message before the last")
	}
	*at += time.Minute
	f.apply(t.Context(), &s, messageWith(0))
	if f.cache.isTrusted(*at) {
		t.Error("the first message after a silence is trusted")
	}
	*at += 20 * time.Millisecond
	f.apply(t.Context(), &s, messageWith(1))
	if !f.cache.isTrusted(*at) {
		t.Error("the second message after a silence is not trusted")
	}
}

func TestAResponseThatTooManyRevocationsOvertookIsNotCached(t *testing.T) {
	f, at, _ := newTestFollower()
	l := f.cache.startLookup()
	f.cache.apply(messageWith(maxRecent))
	if !f.cache.store(l, entryNumber(2)) {
		t.Error("not cached though all concurrent revocations are known")
	}
	f.cache.apply(messageWith(1))
	if e := entryNumber(3); f.cache.store(l, e) || f.cache.get(&e.key, *at) != nil {
		t.Error("cached though not all concurrent revocations are known")
	}
}

// suspended is a stream of messages that this process reads late: it was suspended for a minute after the
// first one.
type suspended struct {
	grpc.ServerStreamingClient[tokenv1.WatchRevocationsResponse]
	at   *time.Duration
	read int
}

func (s *suspended) Recv() (*tokenv1.WatchRevocationsResponse, error) {
	if s.read++; s.read == 2 {
		*s.at += time.Minute
	}
	if s.read > 4 {
		return nil, io.EOF
	}
	return messageWith(0), nil
}

type suspendedService struct {
	tokenv1.RevocationServiceClient
	stream *suspended
}

func (s suspendedService) WatchRevocations(
	context.Context, *tokenv1.WatchRevocationsRequest, ...grpc.CallOption,
) (grpc.ServerStreamingClient[tokenv1.WatchRevocationsResponse], error) {
	return s.stream, nil
}

// TestFault_E8_MessagesThatWaitedWhileThisProcessWasSuspendedAreNotTrusted: they are as old as the pause, and
// what was revoked since may be in none of them.
func TestFault_E8_MessagesThatWaitedWhileThisProcessWasSuspendedAreNotTrusted(t *testing.T) {
	f, at, _ := newTestFollower()
	stream := &suspended{at: at}
	f.service = suspendedService{stream: stream}
	if err := f.follow(t.Context()); !errors.Is(err, errSilent) || stream.read != 2 {
		t.Errorf("after %d messages: %v", stream.read, err)
	}
	if f.cache.isTrusted(*at) {
		t.Error("a message from before the pause is trusted")
	}
}
