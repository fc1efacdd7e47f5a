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

// tally counts what clients send and what comes back.
type tally struct {
	inner http.RoundTripper

	mu    sync.Mutex
	count counts
}

// counts are what clients noticed. A request is lost that has no answer, or one that blames the server or turns it away; it
// is repeated when the client found its connection closed and sent it over another by itself, as HTTP allows for some.
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

// newTally counts what goes to an address. TLS ends in front of the gateway, so that what leaves here as https arrives in
// plain text. Connections are kept, as a balancer keeps them.
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

// RoundTrip is part of http.RoundTripper.
func (t *tally) RoundTrip(req *http.Request) (*http.Response, error) {
	begun := time.Now()
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
		say("lost: %s %s after %s: %s", req.Method, req.URL.Path, time.Since(begun).Round(time.Millisecond), outcome(res, err))
	}
	return res, err
}

func outcome(res *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	return res.Status
}

// now answers the counts so far.
func (t *tally) now() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// finished counts a flow or a refresh that went to its end, or broke off.
func (t *tally) finished(of *int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*of++
	if err != nil {
		t.count.broken++
		say("broken: %v", err)
	}
}

// say prints a line with the time of day.
func say(format string, args ...any) {
	fmt.Printf(time.Now().UTC().Format("15:04:05")+" "+format+"\n", args...)
}
