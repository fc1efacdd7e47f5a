package document_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/document"
)

// limitedHost is a host of documents that refuses one source by its limit.
type limitedHost struct {
	*host

	limited string
}

func (h limitedHost) Fetch(ctx context.Context, address, etag string, known bool) (document.Fetched, error) {
	read, err := h.host.Fetch(ctx, address, etag, known)
	if source := document.SourceFrom(ctx); source == h.limited {
		return document.Fetched{}, &document.Failure{Kind: document.Unreadable, Host: "client.example", Detail: "busy", Temporary: true, LimitedSource: &source}
	}
	return read, err
}

// TestN5_4_TheLimitOfOneSourceRefusesNoOther that waits for the same request.
func TestN5_4_TheLimitOfOneSourceRefusesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, listed())
		b.host.waits, b.host.arrived = make(chan struct{}), make(chan struct{}, 100)
		documents := document.New(document.Config{
			Policy: listed(), Source: limitedHost{b.host, "192.0.2.1"}, Entries: b.shared, Now: b.clock.Now, Scopes: func() oauth.Scope { return nil },
		})
		results := map[string]chan error{"192.0.2.1": make(chan error, 1), "198.51.100.1": make(chan error, 1)}
		for _, source := range []string{"192.0.2.1", "198.51.100.1"} {
			go func() {
				_, err := documents.Find(document.WithSource(t.Context(), source), id)
				results[source] <- err
			}()
			synctest.Wait() // it waits for the host's response
		}
		close(b.host.waits)
		wantKind(t, "the source that is limited", <-results["192.0.2.1"], document.Unreadable)
		if err := <-results["198.51.100.1"]; err != nil || b.host.count() != 2 {
			t.Errorf("another source: %v after %d requests", err, b.host.count())
		}
	})
}
