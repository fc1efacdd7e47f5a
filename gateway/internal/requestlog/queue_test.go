package requestlog_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/vidocu/usher/gateway/internal/requestlog"
)

// TestManyKindsOfOneClientAreSentInSeveralBatches, the oldest first, so that they delay no others. All
// requests are counted, and those of other clients are in the first batch.
func TestManyKindsOfOneClientAreSentInSeveralBatches(t *testing.T) {
	const perBatch, kinds, others = 50, 120, 10
	s := &service{}
	r := requestlog.New(s, requestlog.Origins{}, slog.New(slog.DiscardHandler), func(int64) { t.Error("requests were dropped") })
	finish := func(client, redirectURI string) {
		query := url.Values{"client_id": {client}, "redirect_uri": {redirectURI}}.Encode()
		ctx := r.NewContext(t.Context(), "/oauth/authorize")
		r.Finish(httptest.NewRequest(http.MethodGet, "/oauth/authorize?"+query, nil).WithContext(ctx),
			requestlog.Finished{Endpoint: "/oauth/authorize", Status: http.StatusBadRequest})
	}
	for n := range kinds {
		finish("app", fmt.Sprintf("https://app.example/%d", n))
	}
	for n := range others {
		finish(fmt.Sprintf("other%d", n), "https://other.example/")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(stopped); err != nil {
		t.Fatal(err)
	}
	next := 0
	for n, batch := range s.batches {
		own := map[string]bool{}
		for _, request := range batch.GetRequests() {
			if kind := request.GetKind(); kind.GetClientId() == "app" {
				own[kind.GetGot().GetRedirectUri()] = true
			} else if n > 0 {
				t.Errorf("batch %d has a request of %s", n, kind.GetClientId())
			}
		}
		if len(own) > perBatch {
			t.Errorf("batch %d has %d kinds of one client, want at most %d", n, len(own), perBatch)
		}
		for range own {
			if uri := fmt.Sprintf("https://app.example/%d", next); !own[uri] {
				t.Errorf("batch %d lacks %s, which is older than others that it has", n, uri)
			}
			next++
		}
	}
	if next != kinds || len(s.batches[0].GetRequests()) != perBatch+others {
		t.Errorf("%d of %d kinds were sent, %d requests in the first batch", next, kinds, len(s.batches[0].GetRequests()))
	}
}
