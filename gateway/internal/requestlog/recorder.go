// Package requestlog hands the finished requests of the OAuth endpoints, and the refused ones of every
// other route, to the activity service, for the clients' authors.
//
// It owns the queue: requests are counted in memory by their kind and sent in batches, the queue is
// bounded, and requests that do not fit are dropped and counted; no request waits for it, and the
// activity service may be down. It reads of a request only the parameters that are no secret (see
// Facts), of those of a page none, and never writes a response.
package requestlog

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway/internal/refusal"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/requestid"
)

const (
	// maxKinds is the most kinds in the queue, and in a batch; maxPerClient the most of one client in the
	// queue, beyond which its requests are counted without their facts. Then many requests that name one
	// client leave room for those of others.
	maxKinds     = 1000
	maxPerClient = 200
	// maxPerBatch is the most kinds of one client in a batch, so that many requests that name one client
	// do not take both processes' time at once.
	maxPerBatch = 50
	// maxBatchBytes bounds the size of a batch: the service takes no message of a megabyte.
	maxBatchBytes = 512 << 10
	// flushInterval is how long a request waits in the queue, if there are few kinds of its client's.
	flushInterval = 250 * time.Millisecond
	// longestPause is the longest pause after a failure.
	longestPause = 15 * time.Second
	// callTimeout is the timeout of a batch.
	callTimeout = 3 * time.Second
)

// key identifies equal requests. Its fields are comparable, so that counting allocates nothing.
type key struct {
	endpoint, method, client, err, field string
	status                               int
	cause                                int32
	facts, expected                      Facts
}

type entry struct {
	count       int64
	first, last time.Time
	requestID   string
	confirmed   bool
}

// Recorder counts requests. A nil *Recorder records nothing.
type Recorder struct {
	service activityv1.RequestLogServiceClient
	origins Origins
	logger  *slog.Logger
	dropped func(requests int64)
	now     func() time.Time

	mu      sync.Mutex
	entries map[key]*entry
	clients map[string]int
	// lost counts the requests that were dropped since the last batch.
	lost int64
}

// Origins are the addresses that proofs and assertions name.
type Origins struct {
	// Issuer is the audience of assertions, and API the origin of the endpoints.
	Issuer, API string
}

// New returns a recorder that sends batches while Run runs.
func New(service activityv1.RequestLogServiceClient, origins Origins, logger *slog.Logger, dropped func(requests int64)) *Recorder {
	return &Recorder{
		service: service, origins: origins, logger: logger, dropped: dropped, now: time.Now, entries: map[key]*entry{}, clients: map[string]int{},
	}
}

type noteKey struct{}

// note is what a handler has read of a request.
type note struct {
	mediaType string
	body      []byte
	err       string
}

// NewContext returns a context that can hold the body of a request and the error of its response.
func (r *Recorder) NewContext(ctx context.Context, endpoint string) context.Context {
	if r == nil || !Recorded(endpoint) {
		return ctx
	}
	return context.WithValue(ctx, noteKey{}, new(note))
}

// Recorded reports whether the requests of a route are recorded that were granted, with their parameters.
func Recorded(endpoint string) bool { return strings.HasPrefix(endpoint, "/oauth/") }

// NoteBody records the body of a request and the media type by which it was parsed. It does nothing
// without NewContext.
func NoteBody(ctx context.Context, mediaType string, body []byte) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.mediaType, n.body = mediaType, body
	}
}

// NoteError records the `error` of a response.
func NoteError(ctx context.Context, err string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.err = err
	}
}

// Finished is a request with its response.
type Finished struct {
	// Endpoint is the route, which contains no part of the request.
	Endpoint string
	Status   int
	// Header is that of the response.
	Header http.Header
	// Refusal is why the request was refused; zero where Refused is false.
	Refusal refusal.Refusal
	Refused bool
}

// Finish records a finished request.
func (r *Recorder) Finish(req *http.Request, f Finished) {
	if r == nil {
		return
	}
	ctx := req.Context()
	k := key{endpoint: f.Endpoint, method: methodOf(req), status: f.Status}
	n, ok := ctx.Value(noteKey{}).(*note)
	var sent parameters
	switch {
	case ok && Recorded(f.Endpoint):
		sent = parametersOf(req, f.Endpoint, n)
		k.client, k.facts = read(req, sent)
		if k.client == "" && readsBody(req, f.Endpoint) { // of a request with its parameters in the wrong place
			k.client = clientOf(req.URL.Query())
		}
		if k.err = n.err; k.err == "" {
			k.err = errorOf(f.Header.Get("Location"))
		}
	case !f.Refused:
		return
	}
	if f.Refused {
		k.cause, k.field, k.expected = int32(f.Refusal.Cause), clean(f.Refusal.Field), expectedOf(f.Endpoint, f.Refusal)
		r.compare(req, sent, f, &k)
	}
	if f.Refusal.ClientID != "" {
		k.client = f.Refusal.ClientID
	}
	granted := !f.Refused && f.Status < http.StatusBadRequest && k.err == ""
	if !granted || !readsScope(f.Endpoint, k.facts.GrantType) {
		k.facts.Tolerated = ""
	}
	r.add(k, entry{count: 1, requestID: requestid.From(ctx), confirmed: f.Refusal.ClientID != "" || granted && findsClient(f.Endpoint)})
}

// methodOf returns the HTTP method; "other" for one that no endpoint has, which may be any text.
func methodOf(req *http.Request) string {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return req.Method
	}
	return "other"
}

// findsClient reports whether a granted request to an endpoint proves that its client exists.
func findsClient(endpoint string) bool {
	switch endpoint {
	case "/oauth/authorize", "/oauth/token", "/oauth/par", "/oauth/device_authorization", "/oauth/introspect":
		return true
	}
	return false
}

// readsScope reports whether an endpoint reads the parameter scope, and does not ignore it.
func readsScope(endpoint, grantType string) bool {
	switch endpoint {
	case "/oauth/authorize", "/oauth/par", "/oauth/device_authorization":
		return true
	case "/oauth/token":
		return grantType == "refresh_token" || grantType == "client_credentials"
	}
	return strings.HasPrefix(endpoint, "/oauth/register")
}

// errorOf returns the error of an authorization response.
func errorOf(location string) string {
	if location == "" {
		return ""
	}
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	query := u.RawQuery
	if query == "" {
		query = u.Fragment
	}
	values, _ := url.ParseQuery(query) // has the parameters that can be read
	return clean(values.Get("error"))
}

// add counts a request, or drops it if the queue is full.
func (r *Recorder) add(k key, e entry) {
	now := r.now()
	e.first, e.last = now, now
	r.mu.Lock()
	defer r.mu.Unlock()
	r.merge(k, e)
}

// merge adds requests to the queue; r.mu is held.
func (r *Recorder) merge(k key, e entry) {
	known := r.entries[k]
	if known == nil && r.clients[k.client] >= maxPerClient {
		k.facts, k.expected, k.field = Facts{}, Facts{}, ""
		known = r.entries[k]
	}
	if known == nil {
		if len(r.entries) >= maxKinds {
			r.lost += e.count
			r.dropped(e.count)
			return
		}
		r.clients[k.client]++
		r.entries[k] = &e
		return
	}
	known.count += e.count
	known.confirmed = known.confirmed || e.confirmed
	if e.first.Before(known.first) {
		known.first = e.first
	}
	if !e.last.Before(known.last) {
		known.last, known.requestID = e.last, e.requestID
	}
}

// Run sends batches until ctx ends, and what is left then.
func (r *Recorder) Run(ctx context.Context) error {
	pause, failing := flushInterval, false
	for {
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			r.flushAll(context.WithoutCancel(ctx))
			return nil
		case <-timer.C:
		}
		_, err := r.flush(ctx)
		switch {
		case err == nil:
			pause, failing = flushInterval, false
		case ctx.Err() == nil:
			if !failing {
				r.logger.WarnContext(ctx, "the request log cannot be written: requests are kept unless they may be stored, and dropped when the queue is full", "error", err)
			}
			if failing = true; unavailable(err) {
				pause = min(2*pause, longestPause)
			}
		}
	}
}

// unavailable reports whether the service did not respond, so that it is asked less often.
func unavailable(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.DeadlineExceeded
}

// flushAll sends batches until none is left, or one fails: the process stops.
func (r *Recorder) flushAll(ctx context.Context) {
	for left, err := true, error(nil); left && err == nil; {
		left, err = r.flush(ctx)
	}
}

// Close sends the requests that finished while the servers stopped, after Run has ended, and counts as
// dropped those that could not be sent.
func (r *Recorder) Close() error {
	r.flushAll(context.Background())
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, e := range r.entries {
		r.dropped(e.count)
		delete(r.entries, k)
	}
	return nil
}

// take removes a batch from the queue: the oldest requests of a client with many kinds, and all of the others. It
// returns how many requests were dropped since the last one, and whether requests are left.
func (r *Recorder) take() (batch map[key]*entry, lost int64, left bool) {
	r.mu.Lock()
	batch, lost, r.lost = r.entries, r.lost, 0
	for _, kinds := range r.clients {
		left = left || kinds > maxPerBatch
	}
	r.entries, r.clients = map[key]*entry{}, map[string]int{}
	r.mu.Unlock()
	if !left {
		return batch, lost, false
	}
	firsts := map[string][]time.Time{}
	for k, e := range batch {
		firsts[k.client] = append(firsts[k.client], e.first)
	}
	for _, times := range firsts {
		slices.SortFunc(times, time.Time.Compare)
	}
	r.putBack(batch, func(k key, e *entry) bool {
		times := firsts[k.client]
		return len(times) > maxPerBatch && e.first.After(times[maxPerBatch-1])
	})
	return batch, lost, true
}

// putBack puts those of a batch back into the queue that stay there.
func (r *Recorder) putBack(batch map[key]*entry, stays func(k key, e *entry) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, e := range batch {
		if stays(k, e) {
			r.merge(k, *e)
			delete(batch, k)
		}
	}
}

// flush sends a batch of what is in the queue, and reports whether requests are left. Requests that the
// service has not got are put back.
func (r *Recorder) flush(ctx context.Context) (left bool, err error) {
	entries, lost, left := r.take()
	if len(entries) == 0 && lost == 0 {
		return left, nil
	}
	req := &activityv1.RecordRequestsRequest{Dropped: lost}
	size, rest := 0, map[key]*entry{}
	for k, e := range entries {
		next := toProto(k, e)
		if size += proto.Size(next); size > maxBatchBytes && len(req.Requests) > 0 {
			rest[k] = e
			delete(entries, k)
			continue
		}
		req.Requests = append(req.Requests, next)
	}
	if len(rest) > 0 {
		left = true
		r.putBack(rest, func(key, *entry) bool { return true })
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err = r.service.RecordRequests(ctx, req); err == nil {
		return left, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if status.Code(err) != codes.Unavailable {
		// The service may have stored them: they would be counted twice.
		for _, e := range entries {
			lost += e.count
			r.dropped(e.count)
		}
		r.lost += lost
		return left, err
	}
	r.lost += lost
	for k, e := range entries {
		r.merge(k, *e)
	}
	return true, err
}

func toProto(k key, e *entry) *activityv1.FinishedRequest {
	return &activityv1.FinishedRequest{
		Kind: &activityv1.RequestKind{
			Endpoint: k.endpoint, Method: k.method, ClientId: k.client, Status: int32(k.status), Error: k.err,
			Cause: errorv1.Cause(k.cause), Field: k.field, Got: k.facts.toProto(), Expected: k.expected.toProto(),
		},
		Count: e.count, FirstTime: timestamppb.New(e.first), LastTime: timestamppb.New(e.last), RequestId: e.requestID, ClientExists: e.confirmed,
	}
}
