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

// balancer sends requests to the gateways in turn. What one of them refuses with 503, or whose connection ends without an
// answer, it sends once more, to another one: after what Retry-After says, or at once where nobody answered.
type balancer struct {
	gateways  []string
	transport http.RoundTripper
	next      atomic.Uint64
}

func newBalancer(gateways []string) *balancer {
	return &balancer{gateways: gateways, transport: &http.Transport{MaxIdleConnsPerHost: 64}}
}

// of is the way to the gateways for one operation, which is told of a retry.
func (b *balancer) of(o *operation) http.RoundTripper { return bound{b, o} }

type bound struct {
	*balancer

	operation *operation
}

// RoundTrip is part of http.RoundTripper.
func (b bound) RoundTrip(req *http.Request) (*http.Response, error) {
	turn := b.next.Add(1)
	res, err := b.try(req, turn)
	wait := time.Duration(0)
	switch {
	case err != nil:
		b.operation.retry(err.Error())
	case res.StatusCode == http.StatusServiceUnavailable:
		b.operation.retry(req.URL.Path + " answered " + res.Status + ", Retry-After " + res.Header.Get("Retry-After"))
		wait = retryAfter(res)
		_ = res.Body.Close() // it says what the status says
	default:
		return res, nil
	}
	select {
	case <-time.After(wait):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return b.try(req, turn+1)
}

func (b *balancer) try(req *http.Request, turn uint64) (*http.Response, error) {
	clone := req.Clone(req.Context())
	clone.Host = req.URL.Host // the public name, whichever gateway answers
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

// retryAfter is what a 503 says; a second where it says nothing.
func retryAfter(res *http.Response) time.Duration {
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}

// answer is a JSON answer.
type answer struct {
	status int
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// callLimit is how long a client waits for an answer, retry and all.
const callLimit = 30 * time.Second

// post sends the documented dialect for an operation.
func (w *world) post(ctx context.Context, o *operation, path string, body map[string]any) (answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit) // what has begun is counted
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.fleet.deployment.PublicURL+path, bytes.NewReader(raw))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := w.door.of(o).RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, raw: string(text)}
	if err := json.Unmarshal(text, &a.body); err != nil {
		return a, fmt.Errorf("%s answered %d %s", path, a.status, text)
	}
	return a, nil
}

// ok is post that wants 200.
func (w *world) ok(ctx context.Context, o *operation, path string, body map[string]any) (answer, error) {
	a, err := w.post(ctx, o, path, body)
	if err == nil && a.status != http.StatusOK {
		err = &refusal{status: a.status, text: fmt.Sprintf("%s answered %d %s", path, a.status, a.raw)}
	}
	return a, err
}

// refusal is an answer that is not 200.
type refusal struct {
	status int
	text   string
}

// Error is part of error.
func (r *refusal) Error() string { return r.text }
