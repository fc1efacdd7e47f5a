package document

import (
	"context"
	"errors"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/assertion"
	"github.com/vidocu/usher/services/authz/internal/client"
)

const (
	// maxDocuments is how many documents are cached in memory at most.
	maxDocuments = 1000
	// maxStale is how long a copy may be used after the last successful request for the document, by
	// a client that has a code or a refresh token, while the document cannot be read.
	maxStale = 24 * time.Hour
	// retryAfter is how long such a copy is used before the document is requested again.
	retryAfter = 30 * time.Second
	// flightTimeout bounds a request for a document with its limits. It is not cancelled with the
	// caller, since others wait for it too.
	flightTimeout = 4 * time.Second
)

// Fetched is a response with a document.
type Fetched struct {
	Body []byte
	// ETag is the validator of the document; empty for none.
	ETag string
	// MaxAge is how long the document may be used.
	MaxAge time.Duration
	// Unchanged says that the document is the one with the ETag that was sent; Body is empty.
	Unchanged bool
}

// Source requests documents.
type Source interface {
	// Fetch requests a document. etag is that of the copy, empty for none; known says that there is a
	// copy, which is too old. It returns a *Failure of the kind Unreadable.
	Fetch(ctx context.Context, address, etag string, known bool) (Fetched, error)
}

// Entries is the part of the short-lived store that Documents need.
type Entries interface {
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Delete(ctx context.Context, key string) error
}

// Config configures Documents.
type Config struct {
	Policy Policy
	Rules  Rules
	Source Source
	// Entries share the copies among replicas. Without the store each replica requests a document
	// itself.
	Entries Entries
	// Scopes lists the scopes that a client may ask for now.
	Scopes func() oauth.Scope
	Now    func() time.Time
}

// Documents finds the clients of documents. Its methods may be called concurrently.
type Documents struct {
	config  Config
	memory  *otter.Cache[string, found]
	flights singleflight.Group
}

// found is a document in memory.
type found struct {
	client client.Registration
	// keys are those in the document, and scope is what it asks for; nil for no scope.
	keys  []jose.Key
	scope oauth.Scope
	copy  stored
	// retryAt is when a document that could not be read is requested again for a client with tokens.
	retryAt time.Time
}

// New returns Documents.
func New(config Config) *Documents {
	return &Documents{config: config, memory: otter.Must(&otter.Options[string, found]{MaximumSize: maxDocuments})}
}

// Accepts reports whether the client of a document may be used under the operator's policy.
func (d *Documents) Accepts(id string) bool { return d.config.Policy.Check(id) == nil }

// Find returns the client of a document that is as new as its max-age says, for a new
// authorization. It returns a *Failure, or client.ErrUnknown if no document is accepted.
func (d *Documents) Find(ctx context.Context, id string) (client.Registration, error) {
	f, err := d.find(ctx, id, false)
	if err != nil {
		return client.Registration{}, err
	}
	f.client.Scope = client.LimitScope(f.scope, d.config.Scopes())
	return f.client, nil
}

// Credentials returns the client of a document with its keys, for one that has a code or a refresh
// token: while the document cannot be read, a copy is used for some time. Its errors are those of
// Find.
func (d *Documents) Credentials(ctx context.Context, id string) (client.Record, error) {
	f, err := d.find(ctx, id, true)
	if err != nil {
		return client.Record{}, err
	}
	return client.Record{Client: f.client.Client, Keys: assertion.Registered{Valid: f.keys}}, nil
}

func (d *Documents) find(ctx context.Context, id string, stale bool) (found, error) {
	if !d.config.Policy.On() && !d.config.Policy.Loopback {
		return found{}, client.ErrUnknown
	}
	if err := d.config.Policy.Check(id); err != nil {
		return found{}, err
	}
	now := d.config.Now()
	if f, ok := d.memory.GetIfPresent(id); ok && (now.Before(f.copy.FreshUntil) || stale && now.Before(f.retryAt)) {
		return f, nil
	}
	f, err := d.flight(ctx, id, id)
	var failed *Failure
	if source := SourceFrom(ctx); errors.As(err, &failed) && failed.LimitedSource != nil && *failed.LimitedSource != source {
		f, err = d.flight(ctx, id, id+" "+source) // the limit of another caller, who began the flight
	}
	if errors.As(err, &failed) && failed.Kind == Unreadable && stale && f.usable(now) {
		return f, nil
	}
	return f, err
}

// usable reports whether a copy may be used although the document cannot be read.
func (f found) usable(now time.Time) bool {
	return f.client.ID != "" && now.Before(f.copy.CheckedAt.Add(maxStale))
}

// flight refreshes a document, once for all concurrent callers with the same key. It returns the copy
// together with the error of a document that cannot be read.
func (d *Documents) flight(ctx context.Context, id, key string) (found, error) {
	result := d.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTimeout)
		defer cancel()
		return d.refresh(ctx, id)
	})
	select {
	case <-ctx.Done():
		return found{}, ctx.Err()
	case r := <-result:
		f, _ := r.Val.(found)
		return f, r.Err
	}
}

// refresh reads the document of a client: from the short-lived store if that has it from another
// replica, and else from its host.
func (d *Documents) refresh(ctx context.Context, id string) (found, error) {
	f, now := d.newest(ctx, id), d.config.Now()
	if now.Before(f.copy.FreshUntil) {
		d.memory.Set(id, f)
		return f, nil
	}
	fetched, err := d.config.Source.Fetch(ctx, id, f.copy.ETag, f.client.ID != "")
	if err != nil {
		if f.usable(now) {
			f.retryAt = now.Add(retryAfter)
			d.memory.Set(id, f)
		}
		return f, err
	}
	if !fetched.Unchanged {
		if f, err = d.parse(id, fetched.Body); err != nil {
			d.drop(ctx, id)
			return found{}, err
		}
		f.copy.Body, f.copy.ETag = fetched.Body, fetched.ETag
	}
	f.copy.CheckedAt, f.copy.FreshUntil, f.retryAt = now, now.Add(fetched.MaxAge), time.Time{}
	d.memory.Set(id, f)
	d.share(ctx, id, f.copy)
	return f, nil
}
