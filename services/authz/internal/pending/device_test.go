package pending_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// deviceLifetime is shorter than lifetime.
const deviceLifetime = lifetime / 2

// deviceRequest is the request of a device.
func deviceRequest() pending.Request {
	r := request()
	r.RedirectURI, r.State, r.CodeChallenge = "", "", ""
	r.Device = &pending.Device{Code: secret.Sum("the code"), Source: "192.0.2.1", RequestedAt: authztest.NewClock().Now()}
	return r
}

// openDevice stores the request of a device.
func openDevice(t *testing.T, b bench) string {
	t.Helper()
	id, err := b.OpenDevice(t.Context(), deviceRequest(), deviceLifetime)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestN9_4_ARequestOfADeviceIsTheClaimingBrowsers(t *testing.T) {
	b := newBench(t)
	id := openDevice(t, b)
	_, err := b.Find(t.Context(), id, b.browser)
	wantError(t, "before a claim", err, pending.ErrOtherBrowser)
	claimed, err := b.Claim(t.Context(), id, b.browser)
	if diff := cmp.Diff(pending.Authorization{ID: id, Request: deviceRequest()}, claimed); err != nil || diff != "" {
		t.Errorf("%v, claimed (-want +got):\n%s", err, diff)
	}
	if err := b.Bind(t.Context(), id, b.browser, john()); err != nil {
		t.Fatal(err)
	}
	other := secret.NewCode()
	if moved, err := b.Claim(t.Context(), id, other); err != nil || moved.Viewer != (pending.Viewer{}) {
		t.Errorf("another browser claims %v, %v", moved.Viewer, err)
	}
	_, _, err = b.Close(t.Context(), id, b.browser, approve)
	wantError(t, "a decision in the first browser", err, pending.ErrOtherBrowser)
	if _, _, err := b.Close(t.Context(), id, other, approve); err != nil {
		t.Fatal(err)
	}
	_, err = b.Claim(t.Context(), id, b.browser)
	wantError(t, "a claim of a decided request", err, pending.ErrDecided)
	if again, err := b.Claim(t.Context(), id, other); err != nil || again.Outcome == nil {
		t.Errorf("the deciding browser claims %v, %v", again.Outcome, err)
	}
	_, err = b.Claim(t.Context(), b.id, other)
	wantError(t, "a claim of a request with a redirect URI", err, pending.ErrUnknown)
	_, err = b.ForDevice(t.Context(), b.id)
	wantError(t, "a device that asks for a request with a redirect URI", err, pending.ErrUnknown)
	_, err = b.Claim(t.Context(), id, secret.New("x"))
	wantError(t, "a claim without a browser", err, pending.ErrNotFound)
}

func TestN9_2_ARequestOfADeviceExpires(t *testing.T) {
	b := newBench(t)
	id := openDevice(t, b)
	b.clock.Advance(deviceLifetime - time.Microsecond)
	if _, err := b.ForDevice(t.Context(), id); err != nil {
		t.Error(err)
	}
	b.clock.Advance(time.Microsecond)
	_, err := b.ForDevice(t.Context(), id)
	wantError(t, "an expired request", err, pending.ErrExpired)
	_, err = b.Claim(t.Context(), id, b.browser)
	wantError(t, "a claim of an expired request", err, pending.ErrExpired)
}

// TestOfBrowsersThatClaimAtOnceOneDecides: decisions and claims race, and no browser decides after
// another one has claimed the request.
func TestOfBrowsersThatClaimAtOnceOneDecides(t *testing.T) {
	for range rounds {
		b := newBench(t)
		id := openDevice(t, b)
		var won atomic.Int64
		racetest.Run(racers, func(int) {
			browser := secret.NewCode()
			_, err := b.Claim(t.Context(), id, browser)
			if err != nil && !errors.Is(err, pending.ErrDecided) {
				t.Errorf("Claim: %v", err)
			}
			switch _, decided, err := b.Close(t.Context(), id, browser, approve); {
			case err == nil && decided:
				won.Add(1)
			case err == nil, !errors.Is(err, pending.ErrOtherBrowser):
				t.Errorf("Close: %v, %v", decided, err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d browsers decided, want 1", won.Load())
		}
	}
}
