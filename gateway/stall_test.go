package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway"
)

// impatient is a gateway that lets nothing stand still for longer than a limit, before an upstream.
func impatient(t *testing.T, limit time.Duration, answer http.HandlerFunc) person {
	t.Helper()
	config := gateway.DefaultConfig()
	config.StallTimeout, config.UpstreamTimeout = limit, time.Second
	return newConfigured(t, config, behind(newUpstream(t, answer)))
}

// endless is a body that is always there.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// held is an upstream's handler that stands still until the request is given up.
func held(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestAnUpstreamThatStopsReadingAnUploadIsGivenUp(t *testing.T) {
	given := make(chan struct{})
	p := impatient(t, time.Second, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1<<20)) // it takes a megabyte, and then no more
		<-given
	})
	defer close(given)
	res, err := http.DefaultClient.Do(request(t.Context(), t, "POST", p.serve(t, time.Minute)+"/v1/videos/upload", endless{}))
	if err == nil { // otherwise the connection ended while the client was still sending, and it never saw the answer
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); res.StatusCode != 502 || !strings.Contains(string(body), "did not answer") {
			t.Errorf("it is answered %d %s", res.StatusCode, body)
		}
	}
	if !strings.Contains(p.logs.String(), "stands still") {
		t.Errorf("the log has %s", p.logs)
	}
}

func TestAnAnswerThatStopsHalfWayIsCutOffAndNotTakenForTheWhole(t *testing.T) {
	p := impatient(t, time.Second, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the first half")
		_ = http.NewResponseController(w).Flush()
		held(w, r)
	})
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", p.serve(t, time.Minute)+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil || string(body) != "the first half" {
		t.Errorf("the client takes %q for whole: %v", body, err)
	}
}

func TestASlowAnswerThatMovesIsLeftAlone(t *testing.T) {
	const limit = 2 * time.Second
	p := impatient(t, limit, func(w http.ResponseWriter, _ *http.Request) {
		for range 12 { // longer than it may stand still
			<-time.After(limit / 8)
			_, _ = io.WriteString(w, "piece")
			_ = http.NewResponseController(w).Flush()
		}
	})
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", p.serve(t, time.Minute)+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != strings.Repeat("piece", 12) {
		t.Errorf("there arrived %q, %v", body, err)
	}
}
