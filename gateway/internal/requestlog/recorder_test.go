package requestlog_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/gateway/internal/requestlog"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
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

// TestN1_2_ExtraSpacesOfAScopeAreLogged: the words are logged without them.
func TestN1_2_ExtraSpacesOfAScopeAreLogged(t *testing.T) {
	for sent, extra := range map[string]bool{
		"": false, "videos:read": false, "videos:read jobs:read": false, " videos:read": true, "videos:read ": true, "videos:read  jobs:read": true, " ": false,
		"videos:read\tjobs:read": false, "videos:read,jobs:read": false,
	} {
		row := recorded(t, "/oauth/authorize", url.Values{"client_id": {"app"}, "scope": {sent}}.Encode(), http.StatusSeeOther)
		got := row.GetKind().GetGot()
		if want := map[bool]string{true: "scope_spaces"}[extra]; got.GetTolerated() != want || got.GetScope() != strings.Join(strings.Fields(sent), " ") {
			t.Errorf("%q is logged as %v", sent, got)
		}
	}
}

// TestNoClaimThatIsComparedShowsASecret: a proof and an assertion are not verified, and may say anything.
func TestNoClaimThatIsComparedShowsASecret(t *testing.T) {
	const sentinel = "S3nt1nelS3nt1nelS3nt1nelS3nt1nelS3nt1nel00"
	jwt := func(name, value string) string {
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(`{"`+name+`":"`+value+`"}`)) + "." + encode([]byte(`{"`+name+`":"`+value+`"}`)) + ".x"
	}
	for cause, claim := range map[errorv1.Cause]string{
		errorv1.Cause_CAUSE_PROOF_METHOD: "htm", errorv1.Cause_CAUSE_PROOF_URL: "htu", errorv1.Cause_CAUSE_PROOF_TYPE: "typ",
		errorv1.Cause_CAUSE_PROOF_ALGORITHM: "alg", errorv1.Cause_CAUSE_ASSERTION_AUDIENCE: "aud", errorv1.Cause_CAUSE_ASSERTION_ISSUER: "iss",
		errorv1.Cause_CAUSE_ASSERTION_TYPE: "typ", errorv1.Cause_CAUSE_ASSERTION_ALGORITHM: "alg",
	} {
		for _, value := range []string{sentinel, "https://host.example/" + sentinel, "https://u:" + sentinel + "@host.example/", "https://host.example/?x=" + sentinel, "ok"} {
			s := &service{}
			r := requestlog.New(s, requestlog.Origins{Issuer: "https://issuer.example", API: "https://api.example"}, slog.New(slog.DiscardHandler), func(int64) {})
			form := url.Values{"client_id": {"app"}, "client_assertion": {jwt(claim, value)}}
			req := httptest.NewRequest(http.MethodPost, "/oauth/token", nil).WithContext(r.NewContext(t.Context(), "/oauth/token"))
			requestlog.NoteBody(req.Context(), "application/x-www-form-urlencoded", []byte(form.Encode()))
			req.Header.Set("DPoP", jwt(claim, value))
			r.Finish(req, requestlog.Finished{Endpoint: "/oauth/token", Status: http.StatusBadRequest, Refusal: refusal.Refusal{Cause: cause}, Refused: true})
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if err := r.Run(stopped); err != nil || len(s.received) != 1 {
				t.Fatalf("%d rows, %v", len(s.received), err)
			}
			k := s.received[0].GetKind()
			if strings.Contains(k.String(), sentinel[:8]) {
				t.Errorf("%s: a secret as %s is logged: %v", cause, claim, k)
			}
			if value == "ok" && (k.GetField() != claim || k.GetGot().GetValue() != "ok" || k.GetExpected().GetValue() == "") {
				t.Errorf("%s: %s is logged as %v", cause, claim, k)
			}
		}
	}
}

// TestAMethodThatNoEndpointHasIsNotLogged: it is any text.
func TestAMethodThatNoEndpointHasIsNotLogged(t *testing.T) {
	s := &service{}
	r := requestlog.New(s, requestlog.Origins{}, slog.New(slog.DiscardHandler), func(int64) {})
	req := httptest.NewRequest("S3NT1NEL", "/oauth/token", nil).WithContext(r.NewContext(t.Context(), "/oauth/token"))
	r.Finish(req, requestlog.Finished{
		Endpoint: "/oauth/token", Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"POST"}},
		Refusal: refusal.Refusal{Cause: errorv1.Cause_CAUSE_METHOD_NOT_ALLOWED}, Refused: true,
	})
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(stopped); err != nil || len(s.received) != 1 || strings.Contains(s.received[0].String(), "S3NT") {
		t.Errorf("logged is %v, %v", s.received, err)
	}
}
