package gateway_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// call sends a request of the user API; kind is the body's media type.
func (p browser) call(method, target, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://login.test"+target, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Authorization", "Bearer SENTINEL")
	r.Header.Set("X-HTTP-Method-Override", "DELETE")
	r.Header.Set("User-Agent", "a program/1\xff")
	return p.send(r)
}

var incident = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// wantException checks an error's format and its one log line, and returns its details.
func (p browser) wantException(t *testing.T, w *httptest.ResponseRecorder, status int, name string) []string {
	t.Helper()
	var body struct {
		Name, IncidentID string
		ExceptionDetails []string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != status || body.Name != name || body.ExceptionDetails == nil {
		t.Errorf("responds %d %s (%v), want %d %s", w.Code, w.Body, err, status, name)
	}
	if !incident.MatchString(body.IncidentID) || strings.Count(p.logs.String(), body.IncidentID) != 1 {
		t.Errorf("the incident %q is not in exactly one line of %s", body.IncidentID, p.logs)
	}
	if strings.Contains(strings.ToLower(p.logs.String()), "sentinel") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the log has a secret, or the response may be cached: %s", p.logs)
	}
	return body.ExceptionDetails
}

func TestWireContract8_EveryErrorHasItsRow(t *testing.T) {
	for _, row := range []struct {
		err    error
		status int
		name   string
		later  string
	}{
		{oerr.New(errorv1.Reason_REASON_INVALID_ACCESS_TOKEN, "x"), 400, "InvalidAccessTokenException", ""},
		{oerr.New(errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN, "x"), 400, "ExpiredAccessTokenException", ""},
		{oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x"), 400, "InvalidCredentialsException", ""},
		{oerr.New(errorv1.Reason_REASON_UNAUTHORIZED_ACCESS, "x"), 403, "UnauthorizedAccessException", ""},
		{oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "x", oerr.WithRetryAfter(90*time.Second)), 429, "TooManyRequestsException", "90"},
		{oerr.Unavailable(nil), 503, "ServiceUnavailableException", "2"},
		{errors.New("pq: sentinel"), 500, "InternalServerException", ""},
	} {
		p := newBrowser(t)
		for method, send := range map[string]func() *httptest.ResponseRecorder{
			"AuthenticateUser": func() *httptest.ResponseRecorder {
				return p.call("POST", "/api/v1/user/authenticate", "application/json", `{"emailAddress":"sentinel@x","password":"sentinel"}`)
			},
			"RefreshAccessToken": func() *httptest.ResponseRecorder { return p.call("POST", "/api/v1/user/refresh-access-token", "", "") },
			"Logout":             func() *httptest.ResponseRecorder { return p.call("GET", "/api/v1/user/logout", "", "") },
			"GetUser":            func() *httptest.ResponseRecorder { return p.call("GET", "/api/v1/user/sentinel@x", "", "") },
		} {
			p.respond(method, nil, row.err)
			w := send()
			if details := p.wantException(t, w, row.status, row.name); len(details) > 0 || w.Header().Get("Retry-After") != row.later {
				t.Errorf("%s: details %v, Retry-After %q", method, details, w.Header().Get("Retry-After"))
			}
		}
	}
}

func TestWireContract8_ARefusalOfTheGatewaySaysWhatToChange(t *testing.T) {
	const authenticate = "/api/v1/user/authenticate"
	for _, row := range []struct {
		method, target, kind, body string
		status                     int
		name, allow, detail        string
	}{
		{"GET", authenticate, "", "", 405, "MethodNotAllowedException", "POST", "use POST"},
		{"GET", "/api/v1/user/refresh-access-token/", "", "", 405, "MethodNotAllowedException", "POST", "use POST"},
		{"DELETE", "/api/v1/user/logout", "", "", 405, "MethodNotAllowedException", "GET, POST", "use GET or POST"},
		{"POST", "/api/v1/user/john@x", "application/json", "{}", 405, "MethodNotAllowedException", "GET, HEAD", "use GET or HEAD"},
		{"POST", authenticate, "text/plain", "{}", 415, "UnsupportedMediaTypeException", "", "send Content-Type: application/json"},
		{"POST", authenticate, "application/x-www-form-urlencoded", "a=b", 415, "UnsupportedMediaTypeException", "", "send Content-Type: application/json"},
		{"POST", authenticate, "", "{}", 415, "UnsupportedMediaTypeException", "", "send Content-Type: application/json"},
		{"POST", "/api/v1/user/logout", "text/plain", "x", 415, "UnsupportedMediaTypeException", "", "send Content-Type: application/json"},
		{"POST", authenticate, "application/json", strings.Repeat(" ", 64<<10+1), 413, "RequestTooLargeException", "", "longer than 64 KiB"},
		{"GET", "/api/v1/user", "", "", 404, "NotFoundException", "", "there is no such endpoint"},
		{"GET", "/api/v1/user/", "", "", 404, "NotFoundException", "", "there is no such endpoint"},
		{"GET", "/api/v1/user/a/b", "", "", 404, "NotFoundException", "", "there is no such endpoint"},
		{"GET", "/api/v1/user/logout/", "", "", 404, "NotFoundException", "", "there is no such endpoint"},
		{"GET", "/api/v1/user/a%00b", "", "", 400, "InvalidRequestException", "", "emailAddress"},
		{"GET", "/api/v1/user/a%ffb", "", "", 400, "InvalidRequestException", "", "emailAddress"},
		{"GET", "/api/v1/user/a?userPartsToFetch=BasicInfo,All", "", "", 400, "InvalidRequestException", "", "BasicInfo"},
		{"GET", "/api/v1/user/a?userPartsToFetch=", "", "", 400, "InvalidRequestException", "", "BasicInfo"},
		{"GET", "/api/v1/user/a?" + strings.Repeat("userPartsToFetch=BasicInfo&", 1000), "", "", 400, "InvalidRequestException", "", "BasicInfo"},
		{"POST", authenticate, "application/json", "", 400, "InvalidRequestException", "", "JSON"},
		{"POST", authenticate, "application/json", `{"password":1}`, 400, "InvalidRequestException", "", "password"},
		{"POST", authenticate, "application/json", `{"password":"a","password":"a"}`, 400, "InvalidRequestException", "", "password"},
		{"POST", authenticate, "application/json", `{"emailAddress":"a\u0000"}`, 400, "InvalidRequestException", "", "emailAddress"},
	} {
		p := newBrowser(t) // without a service, so that a call would be a 500
		w := p.call(row.method, row.target, row.kind, row.body)
		details := p.wantException(t, w, row.status, row.name)
		if w.Header().Get("Allow") != row.allow || row.detail == "" || !strings.Contains(strings.Join(details, " "), row.detail) {
			t.Errorf("%s %.60s: Allow %q, details %v", row.method, row.target, w.Header().Get("Allow"), details)
		}
	}
}

func TestWireContract8_EachInvalidFieldIsNamed(t *testing.T) {
	const (
		notString = " must be a string and must appear once"
		noPart    = "userPartsToFetch must be BasicInfo and must appear once: there is no other part"
	)
	for _, row := range []struct {
		method, target, body string
		want                 []string
	}{
		{"POST", "authenticate", `{"emailAddress":1,"password":2}`, []string{"emailAddress" + notString, "password" + notString}},
		{"POST", "authenticate", `{"emailAddress":1}`, []string{
			"emailAddress" + notString, "password is required, unless clientSecret is given", "clientSecret is required, unless password is given",
		}},
		{"POST", "authenticate", `{"password":null,"password":"a"}`, []string{"emailAddress is required", "password" + notString}},
		{"POST", "authenticate", `{"emailAddress":"a\u0000","password":""}`, []string{"emailAddress has a NUL character", "password is required"}},
		{"POST", "authenticate", `{"clientSecret":1,"password":"a"}`, []string{
			"emailAddress is required", "password cannot be given together with clientSecret", "clientSecret" + notString,
		}},
		{"GET", "a%00b?userPartsToFetch=All", "", []string{"emailAddress has a NUL character", noPart}},
		{"GET", strings.Repeat("a", 321) + "?userPartsToFetch=", "", []string{"emailAddress is longer than 320 bytes", noPart}},
	} {
		p := newBrowser(t) // without a service, so that a call would be a 500
		w := p.call(row.method, "/api/v1/user/"+row.target, "application/json", row.body)
		if diff := cmp.Diff(row.want, p.wantException(t, w, 400, "InvalidRequestException")); diff != "" {
			t.Errorf("%s %.60s %s: %s", row.method, row.target, row.body, diff)
		}
	}
}

func TestWireContract8_TheBodiesAreTheDocumentedOnes(t *testing.T) {
	p := newBrowser(t)
	var asked *tokenv1.AuthenticateUserRequest
	p.services["AuthenticateUser"] = func(req proto.Message) (proto.Message, error) {
		asked, _ = req.(*tokenv1.AuthenticateUserRequest)
		return &tokenv1.AuthenticateUserResponse{Token: "ABC"}, nil
	}
	p.respond("RefreshAccessToken", &tokenv1.RefreshAccessTokenResponse{Token: "DEF"}, nil)
	p.respond("Logout", &tokenv1.LogoutResponse{}, nil)
	for _, row := range []struct{ method, target, kind, body, want string }{
		{"POST", "/api/v1/user/authenticate", "application/json; charset=utf-8", `{"emailAddress":"j@x","clientSecret":"s","email_address":"other","sourceAddress":"1.2.3.4"}`, `"ABC"`},
		{"POST", "/api/v1/user/refresh-access-token", "", "", `"DEF"`},
		{"POST", "/api/v1/user/refresh-access-token/", "application/x-www-form-urlencoded", "", `"DEF"`},
		{"POST", "/api/v1/user/logout", "application/json", "{}", `{}`},
		{"GET", "/api/v1/user/logout", "", "", `{}`},
	} {
		w := p.call(row.method, row.target, row.kind, row.body)
		if w.Code != http.StatusOK || w.Body.String() != row.want+"\n" || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %q", row.method, row.target, w.Code, w.Body)
		}
	}
	if asked.GetEmailAddress() != "j@x" || asked.Password != nil || asked.GetClientSecret() != "s" || asked.GetSourceAddress() != "192.0.2.1" ||
		asked.GetUserAgent() != "a program/1" {
		t.Errorf("the service was called %v", asked)
	}
}

func TestSecurity84_TheAddressIsDecodedOnce(t *testing.T) {
	for target, want := range map[string]string{
		"esther.fray@gmail.com?userPartsToFetch=BasicInfo": "esther.fray@gmail.com", "esther.fray%40gmail.com": "esther.fray@gmail.com",
		"%2565sther": "%65sther", "esther%2f..%2fjohn": "esther/../john", "%25": "%", "*": "*", "a+b@x?emailAddress=c": "a+b@x", "%61uthenticate": "authenticate",
	} {
		p := newBrowser(t)
		var asked *tokenv1.GetUserRequest
		p.services["GetUser"] = func(req proto.Message) (proto.Message, error) {
			asked, _ = req.(*tokenv1.GetUserRequest)
			return &tokenv1.GetUserResponse{EmailAddress: "e", Status: "Active", Workspaces: []*tokenv1.UserWorkspace{{Id: "ws_a", Name: "A & B", Role: "member"}}}, nil
		}
		w := p.call("GET", "/api/v1/user/"+target, "", "")
		const body = `{"emailAddress":"e","firstName":"","lastName":"","displayName":"","status":"Active","workspaces":[{"id":"ws_a","name":"A & B","role":"member"}]}` + "\n"
		if w.Code != http.StatusOK || asked.GetEmailAddress() != want || asked.GetToken() != "SENTINEL" || w.Body.String() != body {
			t.Errorf("%s: %d %s, called with %q", target, w.Code, w.Body, asked.GetEmailAddress())
		}
	}
}
