package rolling

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// balancer sends requests to the gateways in turn. It retries a request once, at another gateway,
// after a 503 or when the connection closes without a response: after Retry-After, or at once where
// there was no response.
type balancer struct {
	gateways  []string
	transport http.RoundTripper
	next      atomic.Uint64
}

func newBalancer(gateways []string) *balancer {
	return &balancer{gateways: gateways, transport: &http.Transport{MaxIdleConnsPerHost: 64}}
}

// forOperation returns the transport for one operation, which records a retry.
func (b *balancer) forOperation(o *operation) http.RoundTripper { return bound{b, o} }

type bound struct {
	*balancer

	operation *operation
}

// RoundTrip implements http.RoundTripper.
func (b bound) RoundTrip(req *http.Request) (*http.Response, error) {
	turn := b.next.Add(1)
	res, err := b.send(req, turn)
	wait := time.Duration(0)
	switch {
	case err != nil:
		b.operation.retry(err.Error())
	case res.StatusCode == http.StatusServiceUnavailable:
		b.operation.retry(req.URL.Path + " returned " + res.Status + ", Retry-After " + res.Header.Get("Retry-After"))
		wait = retryAfter(res)
		_ = res.Body.Close() // only the status is used
	default:
		return res, nil
	}
	select {
	case <-time.After(wait):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return b.send(req, turn+1)
}

func (b *balancer) send(req *http.Request, turn uint64) (*http.Response, error) {
	clone := req.Clone(req.Context())
	clone.Host = req.URL.Host // the public name, whichever gateway it is
	clone.URL.Host = b.gateways[turn%uint64(len(b.gateways))]
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		clone.Body = body
	}
	return b.transport.RoundTrip(clone)
}

// retryAfter returns the time in a 503's Retry-After; a second where it has none.
func retryAfter(res *http.Response) time.Duration {
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}

// response is a JSON response.
type response struct {
	status int
	raw    string
	body   map[string]any
}

func (a response) text(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// callLimit is a client's timeout for a response, including the retry.
const callLimit = 30 * time.Second

// post sends a request in the documented dialect for an operation.
func (w *world) post(ctx context.Context, o *operation, path string, body map[string]any) (response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return response{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit) // a started operation is always counted
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.fleet.deployment.PublicURL+path, bytes.NewReader(raw))
	if err != nil {
		return response{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := w.gateways.forOperation(o).RoundTrip(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return response{}, err
	}
	a := response{status: res.StatusCode, raw: string(text)}
	if err := json.Unmarshal(text, &a.body); err != nil {
		return a, fmt.Errorf("%s returned %d %s", path, a.status, text)
	}
	return a, nil
}

// ok is post that requires 200.
func (w *world) ok(ctx context.Context, o *operation, path string, body map[string]any) (response, error) {
	a, err := w.post(ctx, o, path, body)
	if err == nil && a.status != http.StatusOK {
		err = &refusal{status: a.status, text: fmt.Sprintf("%s returned %d %s", path, a.status, a.raw)}
	}
	return a, err
}

// refusal is a response other than 200.
type refusal struct {
	status int
	text   string
}

// Error implements error.
func (r *refusal) Error() string { return r.text }
