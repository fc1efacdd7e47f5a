package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway"
)

// withStallTimeout returns a gateway with a stall timeout, connected to an upstream.
func withStallTimeout(t *testing.T, limit time.Duration, respond http.HandlerFunc) browser {
	t.Helper()
	config := gateway.DefaultConfig()
	config.StallTimeout, config.UpstreamTimeout = limit, time.Minute
	return newBrowserWith(t, config, withUpstream(newUpstream(t, respond)))
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// stall is an upstream's handler that does nothing until the request is cancelled.
func stall(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestAnUpstreamThatStopsReadingAnUploadIsCutOff(t *testing.T) {
	done := make(chan struct{})
	p := withStallTimeout(t, time.Second, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1<<20)) // it reads a megabyte, and then no more
		<-done
	})
	defer close(done)
	res, err := http.DefaultClient.Do(request(t.Context(), t, "POST", p.serve(t, time.Minute)+"/v1/videos/upload", endless{}))
	if err == nil { // otherwise the connection was closed while the client was still sending
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); res.StatusCode != 502 || !strings.Contains(string(body), "did not answer") {
			t.Errorf("it gets %d %s", res.StatusCode, body)
		}
	}
	if !strings.Contains(p.logs.String(), "made no progress") {
		t.Errorf("the log has %s", p.logs)
	}
}

func TestAResponseThatStallsIsCutOffAndSeenAsTruncated(t *testing.T) {
	p := withStallTimeout(t, time.Second, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the first half")
		_ = http.NewResponseController(w).Flush()
		stall(w, r)
	})
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", p.serve(t, time.Minute)+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil || string(body) != "the first half" {
		t.Errorf("the client accepts %q as complete: %v", body, err)
	}
}

func TestASlowResponseThatMakesProgressIsNotCutOff(t *testing.T) {
	const limit = 2 * time.Second
	p := withStallTimeout(t, limit, func(w http.ResponseWriter, _ *http.Request) {
		for range 12 { // longer than the stall timeout
			<-time.After(limit / 8)
			_, _ = io.WriteString(w, "piece")
			_ = http.NewResponseController(w).Flush()
		}
	})
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", p.serve(t, time.Minute)+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != strings.Repeat("piece", 12) {
		t.Errorf("the client received %q, %v", body, err)
	}
}
