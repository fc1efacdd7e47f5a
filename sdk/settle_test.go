package usher

import (
	"context"
	"log/slog"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// told is a follower that a test tells messages at times of its choice, with one token remembered from before.
func told() (f *follower, at *time.Duration, k key) {
	at = new(time.Duration)
	now := func() time.Duration { return *at }
	m := newMemory(8, now)
	f = &follower{memory: m, catalog: newCatalog(nil, newState(), slog.New(slog.DiscardHandler)), state: newState(), logger: slog.New(slog.DiscardHandler), now: now}
	f.take(context.Background(), &session{}, message(0))
	e := entryNumber(1)
	m.remember(m.ask(), e)
	return f, at, e.key
}

func message(entries int) *tokenv1.WatchRevocationsResponse {
	res := &tokenv1.WatchRevocationsResponse{HeartbeatIntervalMs: 1000}
	for range entries {
		res.Revocations = append(res.Revocations, &tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	}
	return res
}

func TestAResumedStreamIsTrustedAtTheEndOfTheLog(t *testing.T) {
	f, at, k := told()
	*at += time.Minute
	s := session{resumed: true}
	for range 3 {
		f.take(t.Context(), &s, message(1))
		if f.memory.isTrusted(*at) {
			t.Fatal("trusted while the log is still being told")
		}
	}
	f.take(t.Context(), &s, message(0))
	if f.memory.get(&k, *at) == nil {
		t.Error("forgotten, or not trusted at the end of the log")
	}
	f.take(t.Context(), &s, message(1))
	if f.memory.get(&k, *at) == nil {
		t.Error("forgotten, or not trusted, for a later entry of somebody else")
	}
	if *at += 3 * time.Second; f.memory.isTrusted(*at) {
		t.Error("trusted three intervals after the last message")
	}
}

func TestAResumedStreamThatNeverEndsForgetsWhatWasBefore(t *testing.T) {
	f, at, k := told()
	*at += time.Minute
	s := session{resumed: true}
	f.take(t.Context(), &s, message(1))
	*at += 1001 * time.Millisecond
	f.take(t.Context(), &s, message(1))
	if !f.memory.isTrusted(*at) || f.memory.get(&k, *at) != nil {
		t.Error("not trusted, or what was remembered before is still there")
	}
}

func TestAFreshStreamForgetsWhatWasAskedBefore(t *testing.T) {
	f, at, k := told()
	early := f.memory.ask()
	f.take(t.Context(), &session{}, message(0))
	if f.memory.get(&k, *at) != nil || f.memory.remember(early, entryNumber(2)) {
		t.Error("what was asked before the stream began is remembered")
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

// TestFault_E8_AMessageFromBeforeAPauseIsNotTrusted: a replica that stood still between making a heartbeat and sending it was
// believed for three heartbeats more, and what another replica had revoked meanwhile was allowed.
func TestFault_E8_AMessageFromBeforeAPauseIsNotTrusted(t *testing.T) {
	f, at, _ := told()
	s := session{}
	for range 3 {
		f.take(t.Context(), &s, message(0))
		*at += time.Second
	}
	if !f.memory.isTrusted(*at) || f.memory.isTrusted(*at+time.Second) {
		t.Error("trust is not counted from the message before the last")
	}
	*at += time.Minute
	f.take(t.Context(), &s, message(0))
	if f.memory.isTrusted(*at) {
		t.Error("the first message after a silence is trusted")
	}
	*at += 20 * time.Millisecond
	f.take(t.Context(), &s, message(1))
	if !f.memory.isTrusted(*at) {
		t.Error("the second message after a silence is not trusted")
	}
}

func TestAQuestionThatTooMuchOvertookIsNotRemembered(t *testing.T) {
	f, at, _ := told()
	q := f.memory.ask()
	f.memory.apply(message(recently))
	if !f.memory.remember(q, entryNumber(2)) {
		t.Error("not remembered though all that overtook it is known")
	}
	f.memory.apply(message(1))
	if e := entryNumber(3); f.memory.remember(q, e) || f.memory.get(&e.key, *at) != nil {
		t.Error("remembered though not all that overtook it is known")
	}
}
