package expect

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// RateLimit is a rate limit, as the settings have it. Its windows are fixed, and each subject has others
// (internal/platform/ratelimit): one may end at any moment of a test.
type RateLimit struct {
	Attempts int
	Window   time.Duration
}

// margin is how much of a window Exhaust leaves to the test: only a hang lasts longer.
const margin = 30 * time.Second

// Exhaust makes attempts until one is refused, so that what the test sends next, within half a minute, is refused in
// the same window. attempt returns how long a refusal says to wait, and 0 for an attempt that was not refused. No
// attempt of the subject may have been counted before.
//
// The limit is required exactly, except where a window ended meanwhile, which allows up to twice as many.
func (l RateLimit) Exhaust(t *testing.T, attempt func() (wait time.Duration)) {
	t.Helper()
	for begun, allowed := time.Now(), 0; ; {
		wait := attempt()
		if wait == 0 {
			if allowed++; allowed > 2*l.Attempts {
				t.Fatalf("%d attempts are allowed, want %d in each window", allowed, l.Attempts)
			}
			continue
		}
		if wait > l.Window {
			t.Errorf("a refusal says to wait %s, and the window has %s", wait, l.Window)
		}
		// A wait is rounded up: the window began at this time or before.
		if started := time.Now().Add(wait - l.Window); allowed < l.Attempts || allowed > l.Attempts && started.Before(begun) {
			t.Errorf("%d attempts are allowed, want %d", allowed, l.Attempts)
		}
		if wait > margin {
			return
		}
		time.Sleep(wait) // the next window is a whole one
		begun, allowed = time.Now(), 0
	}
}

// Wait returns how long a response with status 429 says to wait, and 0 for a response with the status that
// is wanted. It ends the test for any other.
func Wait(t *testing.T, a harness.Response, allowed int) time.Duration {
	t.Helper()
	if a.Status == allowed {
		return 0
	}
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if a.Status != http.StatusTooManyRequests || err != nil || seconds <= 0 {
		t.Fatalf("returned %d %s with Retry-After %q, want %d or 429", a.Status, a.Raw, a.Header.Get("Retry-After"), allowed)
	}
	return time.Duration(seconds) * time.Second
}

// pageWait matches what a page says about the next attempt.
var pageWait = regexp.MustCompile(`There were too many attempts\. Try again at \d\d:\d\d \S+ \(in (\d+) (second|minute)s\)\.`) //nolint:gochecknoglobals // never changed

// PageWait returns how long a page says to wait, and 0 for a page that does not say so.
func PageWait(t *testing.T, page harness.Page) time.Duration {
	t.Helper()
	said := pageWait.FindStringSubmatch(page.Body)
	if said == nil {
		return 0
	}
	n, err := strconv.Atoi(said[1])
	NoError(t, err)
	return time.Duration(n) * map[string]time.Duration{"second": time.Second, "minute": time.Minute}[said[2]]
}
