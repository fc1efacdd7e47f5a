package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/activity/internal/access"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
)

// ClientNames returns the names of those of some clients that exist.
type ClientNames interface {
	Names(ctx context.Context, clientIDs []string) (map[string]string, error)
}

// RequestLog serves the request log.
type RequestLog struct {
	activityv1.UnsafeRequestLogServiceServer

	Log      requestlog.Log
	Reader   requestlog.Reader
	Clients  ClientNames
	Access   access.Rules
	Logger   *slog.Logger
	Now      func() time.Time
	Recorded func(requests, dropped int64)
	// Retention is how long rows are kept.
	Retention time.Duration
}

const (
	// maxBatch is the most entries of a batch.
	maxBatch = 2000
	// maxUnconfirmed is the most clients of a batch that are looked up: a request may name any.
	maxUnconfirmed = 200
	// skew is how far from now a request may have arrived.
	skew = 10 * time.Minute
)

// RecordRequests adds finished requests.
func (s *RequestLog) RecordRequests(ctx context.Context, req *activityv1.RecordRequestsRequest) (*activityv1.RecordRequestsResponse, error) {
	if len(req.GetRequests()) > maxBatch {
		return nil, oerr.Invalid("requests", "has more than "+strconv.Itoa(maxBatch)+" entries")
	}
	entries := s.entries(ctx, req.GetRequests())
	err := s.Log.Record(ctx, entries)
	switch {
	case errors.Is(err, requestlog.ErrPartly):
		return nil, err // it is not UNAVAILABLE, after which the gateway sends them again
	case err != nil:
		return nil, toStatus(err)
	}
	var total int64
	for _, e := range entries {
		total += e.Count
	}
	s.Recorded(total, req.GetDropped())
	return &activityv1.RecordRequestsResponse{}, nil
}

// entries converts a batch. A client that does not exist has no name in the log: a request may name
// as many as it wants, and may have a secret in the place of a name.
func (s *RequestLog) entries(ctx context.Context, sent []*activityv1.FinishedRequest) []requestlog.Entry {
	exist := s.existing(ctx, sent)
	now := s.Now()
	clamp := func(t *timestamppb.Timestamp) time.Time {
		at := t.AsTime()
		if at.Before(now.Add(-skew)) || at.After(now.Add(skew)) {
			return now
		}
		return at
	}
	entries := make([]requestlog.Entry, 0, len(sent))
	for _, r := range sent {
		e := requestlog.Entry{
			Kind: fromKind(r.GetKind()), Count: max(r.GetCount(), 1), First: clamp(r.GetFirstTime()), Last: clamp(r.GetLastTime()),
			RequestID: r.GetRequestId(),
		}
		if _, exists := exist[e.ClientID]; !exists && !r.GetClientExists() {
			e.ClientID = ""
		}
		entries = append(entries, e)
	}
	return entries
}

func (s *RequestLog) existing(ctx context.Context, sent []*activityv1.FinishedRequest) map[string]string {
	var ask []string
	seen := map[string]bool{"": true}
	for _, r := range sent {
		id := r.GetKind().GetClientId()
		if !r.GetClientExists() && !seen[id] && len(ask) < maxUnconfirmed {
			seen[id] = true
			ask = append(ask, id)
		}
	}
	exist, err := s.Clients.Names(ctx, ask)
	if err != nil {
		s.Logger.WarnContext(ctx, "clients cannot be read: requests that name them are logged without a name", "clients", len(ask), "error", err)
	}
	return exist
}

// ListRequests lists the requests that named a client.
func (s *RequestLog) ListRequests(ctx context.Context, req *activityv1.ListRequestsRequest) (*activityv1.ListRequestsResponse, error) {
	if req.GetRefusedOnly() && req.GetGrantedOnly() {
		return nil, oerr.Invalid("granted_only", "must not be set with refused_only")
	}
	if !policy.IsOperator(ctx) { // an operator needs no session
		if req.GetClientId() == "" {
			return nil, oerr.Invalid("client_id", "is required")
		}
		if _, err := s.Access.Client(ctx, secret.New(req.GetSessionToken()), req.GetClientId()); err != nil {
			return nil, toStatus(err)
		}
	}
	const columns = 3
	page, err := paging.Of(req, columns)
	if err != nil {
		return nil, err
	}
	f := requestlog.Filter{
		ClientID: req.GetClientId(), Endpoint: req.GetEndpoint(), Cause: req.GetCause(), RequestID: req.GetRequestId(),
		RefusedOnly: req.GetRefusedOnly(), WithTolerated: req.GetWithTolerated(), GrantedOnly: req.GetGrantedOnly(),
		Since: s.Now().Add(-s.Retention), Limit: page.Size + 1,
	}
	if !page.First() {
		at, err := page.Number(0)
		if err != nil {
			return nil, err
		}
		kind, err := page.Bytes(2)
		if err != nil {
			return nil, err
		}
		f.After = requestlog.Place{LastAt: at, Client: &page.After[1], Kind: kind}
	}
	rows, err := s.Reader.Requests(ctx, f)
	if err != nil {
		return nil, toStatus(err)
	}
	found := convert.Each(rows, toRow)
	rows, next := paging.Cut(rows, paging.Fit(found, page.Size), func(r requestlog.Row) []string {
		return []string{paging.FormatTime(r.Last), r.ClientID, paging.FormatBytes(r.Key[:])}
	})
	return &activityv1.ListRequestsResponse{Requests: found[:len(rows)], NextPageToken: next}, nil
}

func toRow(r requestlog.Row) *activityv1.LoggedRequest {
	return &activityv1.LoggedRequest{
		Kind: &activityv1.RequestKind{
			Endpoint: r.Endpoint, Method: r.Method, ClientId: r.ClientID, Status: int32(r.Status),
			Error: r.Error, Cause: oerr.CauseOfLabel(r.Cause), Field: r.Field, Got: toFacts(r.Got), Expected: toFacts(r.Expected),
		},
		Count: r.Count, FirstTime: timestamppb.New(r.First), LastTime: timestamppb.New(r.Last), RequestId: r.RequestID, Overflow: r.Overflow,
	}
}

func fromKind(k *activityv1.RequestKind) requestlog.Kind {
	kind := requestlog.Kind{
		Endpoint: k.GetEndpoint(), Method: k.GetMethod(), ClientID: k.GetClientId(), Status: int(k.GetStatus()), Error: k.GetError(),
		Field: k.GetField(), Got: fromFacts(k.GetGot()), Expected: fromFacts(k.GetExpected()),
	}
	if c := k.GetCause(); c != errorv1.Cause_CAUSE_UNSPECIFIED {
		kind.Cause = oerr.CauseLabel(c)
	}
	return kind
}

func fromFacts(f *activityv1.RequestFacts) requestlog.Facts {
	return requestlog.Facts{
		RedirectURI: f.GetRedirectUri(), Scope: f.GetScope(), GrantType: f.GetGrantType(), AuthMethod: f.GetAuthMethod(),
		ChallengeMethod: f.GetCodeChallengeMethod(), ResponseType: f.GetResponseType(), Resource: f.GetResource(), MediaType: f.GetMediaType(),
		Tolerated: f.GetTolerated(), Value: f.GetValue(),
	}
}

func toFacts(f requestlog.Facts) *activityv1.RequestFacts {
	return &activityv1.RequestFacts{
		RedirectUri: f.RedirectURI, Scope: f.Scope, GrantType: f.GrantType, AuthMethod: f.AuthMethod, CodeChallengeMethod: f.ChallengeMethod,
		ResponseType: f.ResponseType, Resource: f.Resource, MediaType: f.MediaType, Tolerated: f.Tolerated, Value: f.Value,
	}
}
