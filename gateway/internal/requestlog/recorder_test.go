package requestlog_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/gateway/internal/requestlog"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
)

// service is an activity service that keeps what it received.
type service struct {
	activityv1.RequestLogServiceClient

	received []*activityv1.FinishedRequest
}

func (s *service) RecordRequests(
	_ context.Context, req *activityv1.RecordRequestsRequest, _ ...grpc.CallOption,
) (*activityv1.RecordRequestsResponse, error) {
	s.received = append(s.received, req.GetRequests()...)
	return &activityv1.RecordRequestsResponse{}, nil
}

// recorded returns the row of a finished request.
func recorded(t *testing.T, endpoint, query string, status int) *activityv1.FinishedRequest {
	t.Helper()
	s := &service{}
	r := requestlog.New(s, requestlog.Origins{}, slog.New(slog.DiscardHandler), func(int64) {})
	ctx := r.NewContext(t.Context(), endpoint)
	req := httptest.NewRequest(http.MethodGet, endpoint+"?"+query, nil).WithContext(ctx)
	r.Finish(req, requestlog.Finished{Endpoint: endpoint, Status: status})
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(stopped); err != nil || len(s.received) != 1 {
		t.Fatalf("%d rows, %v", len(s.received), err)
	}
	return s.received[0]
}

func TestNoPartOfAPasswordOrOfAnOversizedValueIsLogged(t *testing.T) {
	for sent, want := range map[string]string{
		"https://user:s3@cret@host.example/cb":                    "https://…@host.example/cb",
		"https://user:secret@host.example/cb?next=secret":         "https://…@host.example/cb?next=…",
		"https://host.example/cb#secret":                          "https://host.example/cb#…",
		"//user:secret@host.example/cb":                           "…",
		"//user:secret@host.example/x://y@z":                      "…",
		"HTTPS://user:secret@host.example/cb":                     "…",
		"mailto:user@host.example":                                "mailto:user@host.example",
		"https://host.example/" + strings.Repeat("secret", 4<<10): "…",
		"https://host.example/cb":                                 "https://host.example/cb",
	} {
		row := recorded(t, "/oauth/authorize", url.Values{"client_id": {"app"}, "redirect_uri": {sent}}.Encode(), http.StatusBadRequest)
		if got := row.GetKind().GetGot().GetRedirectUri(); got != want {
			t.Errorf("%.60s is logged as %q, want %q", sent, got, want)
		}
	}
}

// TestOnlyAnEndpointThatFindsTheClientProvesThatItExists: others respond to every client_id, and each name
// that is believed has rows of its own.
func TestOnlyAnEndpointThatFindsTheClientProvesThatItExists(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"/oauth/authorize": true, "/oauth/jwks": false, "/oauth/logout": false, "/oauth/revoke": false, "/oauth/userinfo": false,
	} {
		if got := recorded(t, endpoint, "client_id=invented", http.StatusOK).GetClientExists(); got != want {
			t.Errorf("a granted request to %s proves that its client exists: %t, want %t", endpoint, got, want)
		}
	}
}
