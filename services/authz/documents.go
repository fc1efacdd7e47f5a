package authz

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

const (
	// maxDocument bounds a client's document, in bytes.
	maxDocument = 5 << 10
	// maxFetches is how many documents a process requests at once.
	maxFetches = 64
	// fetchesForSource and fetchesOfHost are how many documents one source address may cause to be
	// requested, and how many are requested of one host, within these windows.
	fetchesForSource, sourceWindow = 60, 10 * time.Minute
	fetchesOfHost, hostWindow      = 60, time.Minute
)

// documentSource requests the documents of clients, and limits how often strangers can cause that:
// failures are not cached, and each document is a copy to store. A document that is read again costs
// nothing, and nothing of a host that the operator listed counts for the host, unless it fails.
type documentSource struct {
	fetcher *fetch.Fetcher
	limiter *ratelimit.Limiter
	slots   chan struct{}
	logger  *slog.Logger
	// listed are the hosts that the operator listed.
	listed []string
}

// Fetch is document.Source.
func (s documentSource) Fetch(ctx context.Context, address, etag string, known bool) (document.Fetched, error) {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return document.Fetched{}, busy(host)
	}
	bySource, limited := s.spend(ctx, ratelimit.Budget{Limit: fetchesForSource, Window: sourceWindow}, ratelimit.Source(document.SourceFrom(ctx)))
	if limited {
		return document.Fetched{}, busy(host)
	}
	byHost, limited := s.spend(ctx, ratelimit.Budget{Limit: fetchesOfHost, Window: hostWindow}, ratelimit.Name{Kind: "document host", Value: host, Public: true})
	if limited {
		return document.Fetched{}, busy(host)
	}
	read, err := s.fetcher.Revalidate(ctx, address, maxDocument, etag)
	if err != nil {
		s.logger.InfoContext(ctx, "a client's document could not be read", "document", address, "error", err.Error())
		return document.Fetched{}, unreadable(host, err)
	}
	if known {
		s.limiter.Refund(ctx, bySource)
	}
	if known || slices.Contains(s.listed, host) {
		s.limiter.Refund(ctx, byHost)
	}
	return document.Fetched{Body: read.Body, ETag: read.ETag, MaxAge: read.MaxAge, Unchanged: read.Unchanged}, nil
}

// spend takes one from a budget, and returns the key to refund it with. While the store is down
// nothing is counted: a client with tokens does not depend on it.
func (s documentSource) spend(ctx context.Context, budget ratelimit.Budget, name ratelimit.Name) (key string, limited bool) {
	key, err := s.limiter.Spend(ctx, budget, name)
	var exhausted *ratelimit.LimitedError
	return key, errors.As(err, &exhausted)
}

func busy(host string) error {
	return &document.Failure{
		Kind: document.Unreadable, Host: host, Temporary: true, Detail: "too many descriptions were requested recently: try again in some minutes",
	}
}

// unreadable converts an error of the fetcher. A host that is not public is reported like one that
// does not exist: otherwise a stranger could find out which names exist in the internal network.
func unreadable(host string, err error) error {
	failure := &document.Failure{Kind: document.Unreadable, Host: host, Temporary: true, Detail: "the response did not arrive in time"}
	var failed *fetch.Error
	if !errors.As(err, &failed) {
		return failure // the flight's deadline
	}
	failure.Detail = failed.Error()
	switch failed.Kind {
	case fetch.Forbidden:
		failure.Detail = fetch.UnreachableDetail
	case fetch.Unreachable, fetch.TimedOut:
	case fetch.BadStatus:
		failure.Temporary = failed.Status >= 500 || failed.Status == 429 || failed.Status == 408
	case fetch.BadAddress:
		failure.Kind, failure.Temporary = document.NotAccepted, false
	case fetch.BadType, fetch.TooLarge:
		failure.Temporary = false
	}
	return failure
}

// newClients returns the clients that are registered here together with those of documents.
func newClients(config Config, deps Deps, st *store.Store) (document.Clients, error) {
	policy := document.Policy{Loopback: deps.Development}
	switch deps.ClientDocuments.Mode {
	case run.DocumentsOpen:
		policy.Open, policy.Hosts = true, deps.ClientDocuments.Hosts
	case run.DocumentsAllowlist:
		policy.Hosts = deps.ClientDocuments.Hosts
	default:
		policy = document.Policy{}
	}
	documents, err := document.New(document.Config{
		Policy: policy, Entries: deps.ShortLived, Now: deps.Now,
		Rules: document.Rules{PrivateUseSchemes: config.PrivateUseSchemes, Imitated: registry.Reserved(config.ReservedNames).Imitated, CheckURL: deps.Fetcher.CheckURL},
		Scopes: func() oauth.Scope {
			if allowed := deps.ClientDocuments.Scopes; len(allowed) > 0 {
				return allowed
			}
			return deps.Catalog.Minimum(deps.Catalog.ResourceIDs())
		},
		Source: documentSource{
			fetcher: deps.Fetcher, limiter: limiter("authz:documents:", deps),
			slots: make(chan struct{}, maxFetches), logger: deps.Logger, listed: policy.Hosts,
		},
	})
	return document.Clients{Registered: st, Documents: documents}, err
}
