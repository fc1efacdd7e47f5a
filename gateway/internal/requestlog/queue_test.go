package requestlog_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

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

// TestABatchIsNeverTooLargeForTheService: it takes no message of a megabyte, and a batch that it refused would be
// lost, with the requests of every client in it.
func TestABatchIsNeverTooLargeForTheService(t *testing.T) {
	const kinds, clients, most = 900, 18, 1 << 20
	s := &service{}
	r := requestlog.New(s, requestlog.Origins{}, slog.New(slog.DiscardHandler), func(int64) { t.Error("requests were dropped") })
	for n := range kinds {
		long := strings.Repeat("x", 240)
		query := url.Values{
			"client_id": {fmt.Sprintf("app%d", n%clients)}, "redirect_uri": {fmt.Sprintf("https://app.example/%d/%s", n, long)}, "scope": {long},
			"response_type": {long}, "code_challenge_method": {long}, "grant_type": {long}, "resource": {"https://app.example/" + long},
		}.Encode()
		ctx := r.NewContext(t.Context(), "/oauth/authorize")
		r.Finish(httptest.NewRequest(http.MethodGet, "/oauth/authorize?"+query, nil).WithContext(ctx),
			requestlog.Finished{Endpoint: "/oauth/authorize", Status: http.StatusBadRequest})
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(stopped); err != nil {
		t.Fatal(err)
	}
	total := 0
	for n, batch := range s.batches {
		total += proto.Size(batch)
		if size := proto.Size(batch); size >= most {
			t.Errorf("batch %d has %d bytes", n, size)
		}
	}
	if len(s.received) != kinds || total < most*3/4 {
		t.Errorf("%d of %d kinds were sent, in %d bytes", len(s.received), kinds, total)
	}
}

// TestRequestsThatFinishWhileTheServersStopAreSent, after Run has ended.
func TestRequestsThatFinishWhileTheServersStopAreSent(t *testing.T) {
	s := &service{}
	r := requestlog.New(s, requestlog.Origins{}, slog.New(slog.DiscardHandler), func(int64) { t.Error("requests were dropped") })
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(stopped); err != nil {
		t.Fatal(err)
	}
	ctx := r.NewContext(t.Context(), "/oauth/authorize")
	r.Finish(httptest.NewRequest(http.MethodGet, "/oauth/authorize?client_id=app", nil).WithContext(ctx),
		requestlog.Finished{Endpoint: "/oauth/authorize", Status: http.StatusBadRequest})
	if err := r.Close(); err != nil || len(s.received) != 1 {
		t.Errorf("%d requests were sent, %v", len(s.received), err)
	}
}
