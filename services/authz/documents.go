package authz

import (
	"cmp"
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
	// maxFetches is how many documents of one class a process requests at once.
	maxFetches = 64
	// fetchesForSource and fetchesOfHost are how many documents one source address may cause to be
	// requested, and how many that are not known are requested of one host, within these windows.
	fetchesForSource, sourceWindow = 60, 10 * time.Minute
	fetchesOfHost, hostWindow      = 60, time.Minute
	// fetchesOfCopy is how often a document of which there is a copy is requested.
	fetchesOfCopy, copyWindow = 60, time.Minute
	// unknownSource names the budget that all requests without a source address share.
	unknownSource = "unknown"
)

// documentSource requests the documents of clients, and limits how often strangers can cause that:
// failures are not cached, and each document is a copy to store. A document that is read again costs
// nothing, and nothing of a host that the operator listed counts for the host, unless it fails. A
// document of which there is a copy has a budget of its own: strangers, who can name any other path of
// its host, do not prevent that it is read again.
type documentSource struct {
	fetcher *fetch.Fetcher
	limiter *ratelimit.Limiter
	slots   fetchSlots
	logger  *slog.Logger
	// listed are the hosts that the operator listed.
	listed []string
}

// fetchClass is a class of documents.
type fetchClass struct {
	// listed says that the operator listed the host, and known that there is a copy.
	listed, known bool
}

// fetchSlots bound the concurrent requests for documents of each class: slow hosts of strangers take
// none from documents that are known, or of hosts that the operator listed.
type fetchSlots map[fetchClass]chan struct{}

func newFetchSlots() fetchSlots {
	slots := fetchSlots{}
	for _, listed := range []bool{false, true} {
		for _, known := range []bool{false, true} {
			slots[fetchClass{listed, known}] = make(chan struct{}, maxFetches)
		}
	}
	return slots
}

// Fetch is document.Source.
func (s documentSource) Fetch(ctx context.Context, address, etag string, known bool) (document.Fetched, error) {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	class := fetchClass{listed: slices.Contains(s.listed, host), known: known}
	select {
	case s.slots[class] <- struct{}{}:
		defer func() { <-s.slots[class] }()
	default:
		return document.Fetched{}, busy(host)
	}
	source := document.SourceFrom(ctx)
	bySource, limited := s.spend(ctx, ratelimit.Budget{Limit: fetchesForSource, Window: sourceWindow}, sourceName(source, known))
	if limited {
		failed := busy(host)
		failed.LimitedSource = &source
		return document.Fetched{}, failed
	}
	budget, name := ratelimit.Budget{Limit: fetchesOfHost, Window: hostWindow}, ratelimit.Name{Kind: "document host", Value: host, Public: true}
	if known {
		budget, name = ratelimit.Budget{Limit: fetchesOfCopy, Window: copyWindow}, ratelimit.Name{Kind: "document", Value: address, Public: true}
	}
	byDocument, limited := s.spend(ctx, budget, name)
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
	if known || class.listed {
		s.limiter.Refund(ctx, byDocument)
	}
	return document.Fetched{Body: read.Body, ETag: read.ETag, MaxAge: read.MaxAge, Unchanged: read.Unchanged}, nil
}

// sourceName names the budget of a source address, which is another one for documents of which there is
// a copy: those who share an address with a stranger can go on to use the clients that are known.
func sourceName(source string, known bool) ratelimit.Name {
	name := ratelimit.Source(cmp.Or(source, unknownSource))
	if known {
		name.Kind = "source of known documents"
	}
	return name
}

// spend takes one from a budget, and returns the key to refund it with. While the store is down
// nothing is counted: a client with tokens does not depend on it.
func (s documentSource) spend(ctx context.Context, budget ratelimit.Budget, name ratelimit.Name) (key string, limited bool) {
	key, err := s.limiter.Spend(ctx, budget, name)
	var exhausted *ratelimit.LimitedError
	return key, errors.As(err, &exhausted)
}

func busy(host string) *document.Failure {
	return &document.Failure{
		Kind: document.Unreadable, Host: host, Temporary: true, Detail: "too many descriptions were requested recently: try again in some minutes",
	}
}

// unreadable converts an error of the fetcher.
func unreadable(host string, err error) error {
	failure := &document.Failure{Kind: document.Unreadable, Host: host, Temporary: true, Detail: "the response did not arrive in time"}
	var failed *fetch.Error
	if !errors.As(err, &failed) {
		return failure // the flight's deadline
	}
	failure.Detail = failed.Public()
	switch failed.Kind {
	case fetch.Forbidden, fetch.Unreachable, fetch.TimedOut:
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
func newClients(config Config, deps Deps, st *store.Store) document.Clients {
	policy := document.Policy{Loopback: deps.Development}
	switch deps.ClientDocuments.Mode {
	case run.DocumentsOpen:
		policy.Open, policy.Hosts = true, deps.ClientDocuments.Hosts
	case run.DocumentsAllowlist:
		policy.Hosts = deps.ClientDocuments.Hosts
	default:
		policy = document.Policy{}
	}
	documents := document.New(document.Config{
		Policy: policy, Entries: deps.ShortLived, Now: deps.Now,
		Rules: document.Rules{
			PrivateUseSchemes: config.PrivateUseSchemes, Imitated: registry.Reserved(config.ReservedNames).Imitated, CheckURL: deps.Fetcher.CheckURL,
			OpenID: deps.Catalog.IsOpenID(oauth.OpenIDScope),
		},
		Scopes: func() oauth.Scope {
			if allowed := deps.ClientDocuments.Scopes; len(allowed) > 0 {
				return allowed
			}
			return deps.Catalog.Minimum(deps.Catalog.ResourceIDs())
		},
		Source: documentSource{
			fetcher: deps.Fetcher, limiter: limiter("authz:documents:", deps),
			slots: newFetchSlots(), logger: deps.Logger, listed: policy.Hosts,
		},
	})
	return document.Clients{Registered: st, Documents: documents}
}
