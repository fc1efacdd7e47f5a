package authz

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
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
	// failuresOfHost and failuresOfSource are how many documents of a host, and how many that a
	// source address asked for, may be unreadable each minute, before no more are requested.
	failuresOfHost, failuresOfSource = 60, 30
	failureWindow                    = time.Minute
)

// documentSource requests the documents of clients, and limits how often strangers can cause that.
// A document that is read costs nothing: only failures are counted, since copies of documents are
// cached and failures are not.
type documentSource struct {
	fetcher *fetch.Fetcher
	limiter *ratelimit.Limiter
	slots   chan struct{}
	logger  *slog.Logger
}

// Fetch requests the document at an address.
func (s documentSource) Fetch(ctx context.Context, address, etag string) (document.Fetched, error) {
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
	spent, limited := s.spend(ctx, host)
	if limited {
		return document.Fetched{}, busy(host)
	}
	read, err := s.fetcher.Revalidate(ctx, address, maxDocument, etag)
	if err == nil {
		s.limiter.Refund(ctx, spent...)
		return document.Fetched{Body: read.Body, ETag: read.ETag, MaxAge: read.MaxAge, Unchanged: read.Unchanged}, nil
	}
	s.logger.InfoContext(ctx, "a client's document could not be read", "document", address, "error", err.Error())
	return document.Fetched{}, unreadable(host, err)
}

// spend takes from the budgets of the host and of the source address. While the store is down
// nothing is counted: a client with tokens does not depend on it.
func (s documentSource) spend(ctx context.Context, host string) (spent []string, limited bool) {
	for _, b := range []struct {
		name  ratelimit.Name
		limit int
	}{
		{ratelimit.Source(document.SourceFrom(ctx)), failuresOfSource},
		{ratelimit.Name{Kind: "document host", Value: host, Public: true}, failuresOfHost},
	} {
		key, err := s.limiter.Spend(ctx, ratelimit.Budget{Limit: b.limit, Window: failureWindow}, b.name)
		var exhausted *ratelimit.LimitedError
		if errors.As(err, &exhausted) {
			s.limiter.Refund(ctx, spent...)
			return nil, true
		}
		spent = append(spent, key)
	}
	return spent, false
}

func busy(host string) error {
	return &document.Failure{
		Kind: document.Unreadable, Host: host, Temporary: true, Detail: "too many descriptions could not be read recently: try again in a minute",
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
	var ports []string
	for _, host := range policy.Hosts {
		if strings.Contains(host, ":") {
			ports = append(ports, host)
		}
	}
	documents, err := document.New(document.Config{
		Policy: policy, Entries: deps.ShortLived, Now: deps.Now,
		Rules: document.Rules{PrivateUseSchemes: config.PrivateUseSchemes, Imitated: registry.Reserved(config.ReservedNames).Imitated},
		Scopes: func() oauth.Scope {
			if allowed := deps.ClientDocuments.Scopes; len(allowed) > 0 {
				return allowed
			}
			return deps.Catalog.Minimum(deps.Catalog.ResourceIDs())
		},
		Source: documentSource{
			fetcher: fetch.New(fetch.Options{Loopback: policy.Loopback, Ports: ports}), limiter: limiter("authz:documents:", deps),
			slots: make(chan struct{}, maxFetches), logger: deps.Logger,
		},
	})
	return document.Clients{Registered: st, Documents: documents}, err
}
