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

// service is an activity service that keeps what it received, and in which batches.
type service struct {
	activityv1.RequestLogServiceClient

	received []*activityv1.FinishedRequest
	batches  []*activityv1.RecordRequestsRequest
}

func (s *service) RecordRequests(
	_ context.Context, req *activityv1.RecordRequestsRequest, _ ...grpc.CallOption,
) (*activityv1.RecordRequestsResponse, error) {
	s.received, s.batches = append(s.received, req.GetRequests()...), append(s.batches, req)
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
		"mailto:user@host.example":                                "…",
		"https:/user:secret@host.example/cb":                      "https:/…/cb",
		"https://host.example/" + strings.Repeat("secret", 4<<10): "…",
		"https://host.example/cb":                                 "https://host.example/cb",
		"https://host.example/john@acme.example/cb":               "https://host.example/…/cb",
		"https://host.example/john%40acme.example/cb":             "https://host.example/…/cb",
		"https://host.example/john%2540acme.example/cb":           "https://host.example/…/cb",
		"https://host.example/cb?secret":                          "https://host.example/cb?…",
		"https://host.example/cb?secret=":                         "https://host.example/cb?…",
		"https://host.example/cb?":                                "https://host.example/cb?",
		"https://user:pa secret@host.example/cb":                  "…",
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

// TestNoPartOfAValueWithASpaceIsLogged: a + or a %20 in a form is decoded to a space, and the rest of a
// value stays one.
func TestNoPartOfAValueWithASpaceIsLogged(t *testing.T) {
	for _, sent := range []string{
		"https://a.test/x?token=ab S3nt=", "https://a.test/x#frag S3nt", "https://user:pa S3nt@a.test/", "a b@c S3nt", "https://a.test/x?ab S3nt&b=c", "x?a=b S3nt",
		"https://john:S3nt@a.test/?next=S3nt",
	} {
		for _, values := range []url.Values{
			{"resource": {sent}}, {"resource": {"https://a.test/v1", sent}}, {"redirect_uri": {sent}}, {"scope": {sent}}, {"response_type": {sent}}, {"grant_type": {sent}},
		} {
			values.Set("client_id", "app")
			if got := recorded(t, "/oauth/authorize", values.Encode(), http.StatusBadRequest).GetKind(); strings.Contains(got.String(), "S3nt") {
				t.Errorf("%v is logged as %v", values, got)
			}
		}
	}
	two := url.Values{"resource": {"https://a.test/x?a=b c", "https://a.test/v2"}}
	if got := recorded(t, "/oauth/authorize", two.Encode(), http.StatusBadRequest).GetKind().GetGot().GetResource(); got != "https://a.test/x?a=… https://a.test/v2" {
		t.Errorf("two resources are logged as %q", got)
	}
}

// token returns a JWT whose header and payload have some members.
func token(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + ".x"
}

// refused returns the row of a request that was refused, with a proof and an assertion.
func refused(t *testing.T, r refusal.Refusal, form url.Values, proof string) *activityv1.RequestKind {
	t.Helper()
	s := &service{}
	recorder := requestlog.New(s, requestlog.Origins{Issuer: "https://issuer.example", API: "https://api.example"}, slog.New(slog.DiscardHandler), func(int64) {})
	req := httptest.NewRequest(http.MethodPost, "/oauth/token", nil).WithContext(recorder.NewContext(t.Context(), "/oauth/token"))
	requestlog.NoteBody(req.Context(), "application/x-www-form-urlencoded", []byte(form.Encode()))
	req.Header.Set("DPoP", proof)
	recorder.Finish(req, requestlog.Finished{Endpoint: "/oauth/token", Status: http.StatusBadRequest, Refusal: r, Refused: true})
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := recorder.Run(stopped); err != nil || len(s.received) != 1 {
		t.Fatalf("%d rows, %v", len(s.received), err)
	}
	return s.received[0].GetKind()
}

// TestNoClaimThatIsComparedShowsASecret, nor a person: a proof and an assertion are not verified, and may say
// anything.
func TestNoClaimThatIsComparedShowsASecret(t *testing.T) {
	const sentinel = "S3nt1nelS3nt1nelS3nt1nelS3nt1nelS3nt1nel00"
	for _, row := range []struct {
		cause errorv1.Cause
		claim string
		// issuer is the other claim of the causes that compare two.
		issuer string
	}{
		{errorv1.Cause_CAUSE_PROOF_METHOD, "htm", ""},
		{errorv1.Cause_CAUSE_PROOF_URL, "htu", ""},
		{errorv1.Cause_CAUSE_PROOF_TYPE, "typ", ""},
		{errorv1.Cause_CAUSE_PROOF_ALGORITHM, "alg", ""},
		{errorv1.Cause_CAUSE_ASSERTION_AUDIENCE, "aud", ""},
		{errorv1.Cause_CAUSE_ASSERTION_AUDIENCE_ENDPOINT, "aud", ""},
		{errorv1.Cause_CAUSE_ASSERTION_ISSUER, "iss", ""},
		{errorv1.Cause_CAUSE_ASSERTION_ISSUER, "sub", `"iss":"app",`},
		{errorv1.Cause_CAUSE_ASSERTION_TYPE, "typ", ""},
		{errorv1.Cause_CAUSE_ASSERTION_ALGORITHM, "alg", ""},
	} {
		for _, value := range []string{
			sentinel, "https://host.example/" + sentinel, "https://u:S3nt@host.example/?token=S3nt", "https://host.example/?x=S3nt", "https://host.example/?x=a S3nt",
			"https://host.example/#a S3nt", "S3nt@host.example", "John S3nt@host.example", "ok",
		} {
			for _, list := range []string{`"` + value + `"`, `["https://host.example/?x=y","` + value + `"]`} {
				member := `"` + row.claim + `":` + list
				text := token("{"+member+"}", "{"+row.issuer+member+"}")
				k := refused(t, refusal.Refusal{Cause: row.cause}, url.Values{"client_id": {"app"}, "client_assertion": {text}}, text)
				if strings.Contains(k.String(), "S3nt") {
					t.Errorf("%s: a secret as %s is logged: %v", row.cause, row.claim, k)
				}
				if value == "ok" && !strings.HasPrefix(list, "[") && (k.GetField() != row.claim || k.GetGot().GetValue() != "ok" || k.GetExpected().GetValue() == "") {
					t.Errorf("%s: %s is logged as %v", row.cause, row.claim, k)
				}
			}
		}
	}
}

// TestTheSubjectWithTheNameOfAPersonIsNotLogged, and the identifier that was expected is.
func TestTheSubjectWithTheNameOfAPersonIsNotLogged(t *testing.T) {
	for _, name := range []string{"John Doe", "john@acme.example"} {
		form := url.Values{"client_id": {"vdo_client_a"}, "client_assertion": {token("{}", `{"iss":"vdo_client_a","sub":"`+name+`"}`)}}
		k := refused(t, refusal.Refusal{Cause: errorv1.Cause_CAUSE_ASSERTION_ISSUER}, form, "")
		if k.GetField() != "sub" || k.GetGot().GetValue() != "…" || k.GetExpected().GetValue() != "vdo_client_a" {
			t.Errorf("%s is logged as %v", name, k)
		}
	}
}

// TestAClaimIsReadInItsPartOfTheToken: the header has typ and alg, and the payload the others.
func TestAClaimIsReadInItsPartOfTheToken(t *testing.T) {
	text := token(`{"typ":"JWT","alg":"HS256","htm":"PUT","iss":"header"}`, `{"typ":"x","alg":"x","htm":"GET","iss":"payload"}`)
	for cause, want := range map[errorv1.Cause]string{
		errorv1.Cause_CAUSE_PROOF_TYPE: "JWT", errorv1.Cause_CAUSE_PROOF_ALGORITHM: "HS256", errorv1.Cause_CAUSE_PROOF_METHOD: "GET",
		errorv1.Cause_CAUSE_ASSERTION_TYPE: "JWT", errorv1.Cause_CAUSE_ASSERTION_ALGORITHM: "HS256", errorv1.Cause_CAUSE_ASSERTION_ISSUER: "payload",
	} {
		k := refused(t, refusal.Refusal{Cause: cause}, url.Values{"client_id": {"app"}, "client_assertion": {text}}, text)
		if got := k.GetGot().GetValue(); got != want {
			t.Errorf("%s compares %q, want %q", cause, got, want)
		}
	}
}

// TestTheServiceSaysWhatItExpectedOfAClaim, which the gateway does not know: a client has a profile.
func TestTheServiceSaysWhatItExpectedOfAClaim(t *testing.T) {
	form := url.Values{"client_assertion": {token(`{"alg":"RS256"}`, `{"aud":["https://issuer.example"]}`)}}
	for _, row := range []struct {
		cause                     errorv1.Cause
		parameter, sent, expected string
	}{
		{errorv1.Cause_CAUSE_ASSERTION_ALGORITHM, "alg", "RS256", "ES256 PS256 EdDSA"},
		{errorv1.Cause_CAUSE_ASSERTION_AUDIENCE, "aud", "https://issuer.example", "https://issuer.example (a string, not a list)"},
	} {
		k := refused(t, refusal.Refusal{Cause: row.cause, Parameter: row.parameter, Expected: row.expected}, form, "")
		if k.GetField() != row.parameter || k.GetGot().GetValue() != row.sent || k.GetExpected().GetValue() != row.expected {
			t.Errorf("%s is logged as %v", row.cause, k)
		}
	}
}

// TestTheExpectedMediaTypeIsThatOfTheEndpoint.
func TestTheExpectedMediaTypeIsThatOfTheEndpoint(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	for endpoint, want := range map[string]string{
		"/oauth/token": json + " " + form, "/oauth/device_authorization": json + " " + form, "/oauth/par": form, "/oauth/authorize": form, "/oauth/register": json,
	} {
		s := &service{}
		r := requestlog.New(s, requestlog.Origins{}, slog.New(slog.DiscardHandler), func(int64) {})
		req := httptest.NewRequest(http.MethodPost, endpoint+"?client_id=app&grant_type=password", nil).WithContext(r.NewContext(t.Context(), endpoint))
		r.Finish(req, requestlog.Finished{
			Endpoint: endpoint, Status: http.StatusUnsupportedMediaType, Refusal: refusal.Refusal{Cause: errorv1.Cause_CAUSE_MEDIA_TYPE_UNSUPPORTED}, Refused: true,
		})
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if err := r.Run(stopped); err != nil || len(s.received) != 1 || s.received[0].GetKind().GetExpected().GetMediaType() != want {
			t.Errorf("%s: %v, %v, want %s", endpoint, s.received, err, want)
			continue
		}
		// A query is not what an endpoint got that reads the body, but it says whose request this was.
		if k := s.received[0].GetKind(); k.GetClientId() != "app" || (k.GetGot().GetGrantType() == "") != (endpoint != "/oauth/authorize") {
			t.Errorf("%s: the query is logged as %v", endpoint, k)
		}
	}
}

// TestALongListOfExpectedValuesLosesWholeWords: it comes from the service, and what is left of it is true.
func TestALongListOfExpectedValuesLosesWholeWords(t *testing.T) {
	scopes := strings.TrimSpace(strings.Repeat("videos:read ", 40))
	for parameter, get := range map[string]func(*activityv1.RequestFacts) string{
		"scope": (*activityv1.RequestFacts).GetScope, "resource": (*activityv1.RequestFacts).GetResource, "alg": (*activityv1.RequestFacts).GetValue,
	} {
		k := refused(t, refusal.Refusal{Cause: errorv1.Cause_CAUSE_SCOPE_NOT_ALLOWED, Parameter: parameter, Expected: scopes}, nil, "")
		got := get(k.GetExpected())
		rest, ended := strings.CutSuffix(got, " …")
		if !ended || len(got) > 300 || len(got) < 280 || !strings.HasPrefix(scopes, rest+" ") {
			t.Errorf("%s: %q", parameter, got)
		}
	}
	k := refused(t, refusal.Refusal{Cause: errorv1.Cause_CAUSE_RESOURCE_UNKNOWN, Parameter: "resource", Expected: strings.Repeat("x", 301)}, nil, "")
	if got := k.GetExpected().GetResource(); got != "…" {
		t.Errorf("a word that is too long is %q", got)
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
