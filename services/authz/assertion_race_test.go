package authz_test

import (
	"sync/atomic"
	"testing"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/shortlived/shortlivedtest"
	"github.com/vidocu/usher/services/authz"
)

// TestN6_8_OneOfManyUsesOfAnAssertionIsAccepted, in memory and on Redis.
func TestN6_8_OneOfManyUsesOfAnAssertionIsAccepted(t *testing.T) {
	shortlivedtest.Each(t, func(t *testing.T, entries shortlived.Store, _ func(time.Duration)) {
		b := newKeyBenchOn(t, newBench(t, func(d *authz.Deps) { d.ShortLived = entries }), josetest.New(t, "ES256", "first"))
		for range 30 {
			text := b.key.Sign(t, nil, b.claims())
			var accepted atomic.Int64
			racetest.Run(16, func(int) {
				switch err := b.present(t, text); {
				case err == nil:
					accepted.Add(1)
				case oerr.Cause(err) != errorv1.Cause_CAUSE_ASSERTION_REPLAYED:
					t.Errorf("%v (%s)", err, oerr.Cause(err))
				}
			})
			if accepted.Load() != 1 {
				t.Fatalf("%d of 16 uses were accepted, want 1", accepted.Load())
			}
		}
	})
}

// TestN6_8_WithoutRecordsNoAssertionIsAccepted: docs/operations.md. Secrets still are.
func TestN6_8_WithoutRecordsNoAssertionIsAccepted(t *testing.T) {
	full := shortlived.NewMemory(shortlived.MemoryOptions{MaxEntries: 1})
	if err := full.Put(t.Context(), "full", nil, time.Hour); err != nil {
		t.Fatal(err)
	}
	b := newKeyBenchOn(t, newBench(t, func(d *authz.Deps) { d.ShortLived = full }), josetest.New(t, "ES256", "first"))
	err := b.present(t, b.key.Sign(t, nil, b.claims()))
	wantReason(t, "an assertion", err, errorv1.Reason_REASON_UNAVAILABLE)
	if oerr.Cause(err) != errorv1.Cause_CAUSE_DEPENDENCY_UNAVAILABLE {
		t.Errorf("the cause is %s", oerr.Cause(err))
	}
	if _, err := b.clients.AuthenticateClient(t.Context(), authenticate(confidential, itsSecret)); err != nil {
		t.Errorf("a secret: %v", err)
	}
	// A wrong assertion is refused as always.
	wantCause(t, "a wrong assertion", b.present(t, b.key.Sign(t, nil, b.claims("aud", "x"))), errorv1.Cause_CAUSE_ASSERTION_AUDIENCE)
}
