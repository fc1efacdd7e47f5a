package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// The callers whose requests are measured, and the pause from one request of a caller to its next.
// Together they make 200 introspections and 200 refreshes a second.
const (
	callers = 4
	every   = 20 * time.Millisecond
)

// caller has a refresh token that it rotates, and an access token that it introspects.
type caller struct{ refresh, active string }

// latencies are the durations of the requests of a slice, and how many failed.
type latencies struct {
	introspections, refreshes []time.Duration
	failed                    int
	firstErr                  error
}

// others are the callers, with the gateway that they call.
type others struct {
	client  *http.Client
	gateway string
	callers []*caller
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * callers}}
}

// newCallers has each caller granted access.
func newCallers(d *harness.Deployment) (list []*caller, err error) {
	for range callers {
		b := d.NewBrowser()
		refreshed, err := d.Issue(b, harness.Request{})
		if err != nil {
			return nil, err
		}
		introspected, err := d.Issue(b, harness.Request{})
		if err != nil {
			return nil, err
		}
		list = append(list, &caller{refresh: refreshed.Refresh, active: introspected.Access})
	}
	return list, nil
}

// run introspects and refreshes until ctx ends.
func (o others) run(ctx context.Context) latencies {
	var (
		all   latencies
		mu    sync.Mutex
		calls sync.WaitGroup
	)
	repeat := func(took *[]time.Duration, call func() error) {
		calls.Go(func() {
			for next := time.Now().Add(every); ctx.Err() == nil; next = next.Add(every) {
				time.Sleep(time.Until(next))
				started := time.Now()
				err := call()
				ended := time.Since(started)
				mu.Lock()
				if *took = append(*took, ended); err != nil {
					if all.failed++; all.firstErr == nil {
						all.firstErr = err
					}
				}
				mu.Unlock()
			}
		})
	}
	for _, c := range o.callers {
		repeat(&all.introspections, func() error { return o.introspect(c) })
		repeat(&all.refreshes, func() error { return o.refresh(c) })
	}
	calls.Wait()
	return all
}

func (o others) introspect(c *caller) error {
	var reply struct{ Active bool }
	err := o.post("/oauth/introspect", url.Values{"token": {c.active}, "client_id": {harness.ResourceID}, "client_secret": {harness.ResourcePW}}, &reply)
	if err == nil && !reply.Active {
		err = errors.New("a token is not active")
	}
	return err
}

func (o others) refresh(c *caller) error {
	var reply struct {
		RefreshToken string `json:"refresh_token"`
	}
	err := o.post("/oauth/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {c.refresh}, "client_id": {harness.ConfidentialID}, "client_secret": {harness.ConfidentialPW},
	}, &reply)
	if err == nil {
		c.refresh = reply.RefreshToken
	}
	return err
}

func (o others) post(path string, values url.Values, reply any) error {
	res, err := o.client.Post(o.gateway+path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s returned %s", path, res.Status)
	}
	return json.Unmarshal(body, reply)
}
