package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts the requests of clients and their failures.
type tally struct {
	inner http.RoundTripper

	mu    sync.Mutex
	count counts
}

// counts are the failures that clients noticed. A request is lost if it has no response, a 5xx or a
// 429; it is repeated if the client found its connection closed and sent it on another one by
// itself, as HTTP allows for some.
type counts struct {
	requests, lost, repeated int
	flows, refreshes, broken int
}

func (c counts) since(before counts) counts {
	return counts{
		c.requests - before.requests, c.lost - before.lost, c.repeated - before.repeated,
		c.flows - before.flows, c.refreshes - before.refreshes, c.broken - before.broken,
	}
}

// newTally counts the requests to an address. TLS is terminated in front of the gateway, so an
// https request leaves here as plain text. Connections are kept alive, as a load balancer keeps
// them.
func newTally(address string) *tally {
	return &tally{inner: &http.Transport{
		DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
		},
		MaxIdleConnsPerHost: 16,
	}}
}

func (t *tally) client() *http.Client {
	return &http.Client{
		Transport: t, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip implements http.RoundTripper.
func (t *tally) RoundTrip(req *http.Request) (*http.Response, error) {
	started := time.Now()
	var connections atomic.Int32
	res, err := t.inner.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connections.Add(1) },
	})))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.requests++
	if connections.Load() > 1 {
		t.count.repeated++
	}
	if err != nil || res.StatusCode >= http.StatusInternalServerError || res.StatusCode == http.StatusTooManyRequests {
		t.count.lost++
		logf("lost: %s %s after %s: %s", req.Method, req.URL.Path, time.Since(started).Round(time.Millisecond), outcome(res, err))
	}
	return res, err
}

func outcome(res *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	return res.Status
}

// now returns the current counts.
func (t *tally) now() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// finished counts a flow or a refresh that succeeded or failed.
func (t *tally) finished(of *int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*of++
	if err != nil {
		t.count.broken++
		logf("broken: %v", err)
	}
}

// logf prints a line with the time of day.
func logf(format string, args ...any) {
	fmt.Printf(time.Now().UTC().Format("15:04:05")+" "+format+"\n", args...)
}
