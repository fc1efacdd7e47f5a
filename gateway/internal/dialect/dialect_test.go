package dialect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/httpx"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// service is a fake token service: it records the requests and returns the configured error.
type service struct {
	tokenv1.UnimplementedOAuthServiceServer

	mu     sync.Mutex
	err    error
	calls  int
	issued *tokenv1.IssueTokenRequest
	with   metadata.MD
	left   time.Duration
}

func (s *service) IssueToken(ctx context.Context, req *tokenv1.IssueTokenRequest) (*tokenv1.IssueTokenResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.issued, _ = proto.Clone(req).(*tokenv1.IssueTokenRequest)
	s.with, _ = metadata.FromIncomingContext(ctx)
	deadline, _ := ctx.Deadline()
	s.left = time.Until(deadline)
	if s.err != nil {
		return nil, s.err
	}
	return &tokenv1.IssueTokenResponse{AccessToken: "vdo_oat_x", TokenType: "Bearer", ExpiresIn: 3600, RefreshToken: "vdo_ort_x", Scope: "a b"}, nil
}

func (s *service) RevokeToken(context.Context, *tokenv1.RevokeTokenRequest) (*tokenv1.RevokeTokenResponse, error) {
	return &tokenv1.RevokeTokenResponse{}, s.err
}

func (s *service) IntrospectClientToken(context.Context, *tokenv1.IntrospectClientTokenRequest) (*tokenv1.IntrospectClientTokenResponse, error) {
	return &tokenv1.IntrospectClientTokenResponse{Active: proto.Bool(false)}, s.err
}

// fixture is the endpoints connected to a fake token service.
type fixture struct {
	*dialect.Endpoints
	service *service
	logs    *bytes.Buffer
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	b := fixture{service: &service{}, logs: &bytes.Buffer{}}
	network := inproc.NewNetwork()
	server := rpcserver.New(rpcserver.Options{Name: "token", Logger: slog.New(slog.DiscardHandler), Metrics: telemetry.New(), StopWithin: time.Second})
	tokenv1.RegisterOAuthServiceServer(server, b.service)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- server.Serve(ctx, rpcserver.Listener{Listener: network.Listen("token"), Credentials: inproc.ServerCredentials()})
	}()
	conn, err := network.Dial("gateway", "token")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	b.Endpoints, err = dialect.New(t.Context(), dialect.Config{Token: conn, Logger: slog.New(slog.NewTextHandler(b.logs, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// post sends a body; header is names and values.
func (b fixture) post(path, kind, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// oauthError is an error in either dialect.
type oauthError struct{ code, message string }

func failure(t testing.TB, kind string, w *httptest.ResponseRecorder) oauthError {
	t.Helper()
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Pragma") != "no-cache" {
		t.Errorf("a response has the headers %v", w.Header())
	}
	var documented struct {
		Error struct{ Code, Message string }
	}
	var formal struct {
		Error       string
		Description string `json:"error_description"`
	}
	into := any(&documented)
	if kind == httpx.TypeForm {
		into = &formal
	}
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Errorf("the response is not of the dialect %s: %v", kind, err)
	}
	if kind == httpx.TypeForm {
		return oauthError{formal.Error, formal.Description}
	}
	return oauthError{documented.Error.Code, documented.Error.Message}
}

func TestSuccessIsTheSameInBothDialects(t *testing.T) {
	b := newFixture(t)
	for kind, body := range map[string]string{
		httpx.TypeJSON: `{"grant_type":"authorization_code","code":"c","client_id":"app","grantType":"x","other":{"a":[1,null]}}`,
		httpx.TypeForm: "grant_type=authorization_code&code=c&client_id=app&client_secret=&grantType=x&other=1&other=2",
	} {
		w := b.post("/oauth/token", kind, body)
		want := `{"access_token":"vdo_oat_x","token_type":"Bearer","expires_in":3600,"refresh_token":"vdo_ort_x","scope":"a b"}`
		var got, expected any
		if json.Unmarshal(w.Body.Bytes(), &got) != nil || json.Unmarshal([]byte(want), &expected) != nil || !same(got, expected) || w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Pragma") != "no-cache" {
			t.Errorf("%s: a token may be stored: %v", kind, w.Header())
		}
		read := &tokenv1.IssueTokenRequest{GrantType: "authorization_code", Code: "c", ClientId: "app"}
		if !proto.Equal(b.service.issued, read) {
			t.Errorf("%s: the service got %v", kind, b.service.issued)
		}
		if w := b.post("/oauth/revoke", kind, body); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != "{}" {
			t.Errorf("%s: revoke responds %d %s", kind, w.Code, w.Body)
		}
		if w := b.post("/oauth/introspect", kind, body); strings.TrimSpace(w.Body.String()) != `{"active":false}` {
			t.Errorf("%s: introspect responds %s", kind, w.Body)
		}
	}
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

func TestOnlyTheAuthorizationHeaderReachesTheService(t *testing.T) {
	b := newFixture(t)
	w := b.post("/oauth/token?code=query&client_secret=query", httpx.TypeJSON, `{"grant_type":"refresh_token"}`,
		"Authorization", "Basic YTpi", "Grpc-Metadata-Authorization", "Basic evil", "Grpc-Metadata-X-Caller", "evil", "Grpc-Timeout", "1n",
		"X-Forwarded-For", "10.0.0.1", "X-Forwarded-Host", "evil.test", "X-HTTP-Method-Override", "DELETE", "Cookie", "usher_session=evil",
		"Traceparent", "evil", "Forwarded", "for=evil", "User-Agent", "evil")
	if w.Code != http.StatusOK {
		t.Fatalf("it responds %d %s", w.Code, w.Body)
	}
	if got := b.service.issued; !proto.Equal(got, &tokenv1.IssueTokenRequest{GrantType: "refresh_token"}) {
		t.Errorf("the service got %v", got)
	}
	for name, values := range b.service.with {
		switch name {
		case "authorization":
			if len(values) != 1 || values[0] != "Basic YTpi" {
				t.Errorf("authorization is %q", values)
			}
		case "usher-source-address": // the peer's, since no proxy is trusted here
			if len(values) != 1 || values[0] != "192.0.2.1" {
				t.Errorf("usher-source-address is %q", values)
			}
		case ":authority", "content-type": // set by gRPC
		case "user-agent":
			if strings.Contains(strings.Join(values, ""), "evil") {
				t.Errorf("user-agent is %q", values)
			}
		default:
			t.Errorf("the service got %s: %q", name, values)
		}
	}
	if b.service.left < time.Second {
		t.Errorf("the caller set the deadline: %s are left", b.service.left)
	}
}

func TestAnAuthorizationHeaderThatGRPCCannotHoldIsInvalidClient(t *testing.T) {
	b := newFixture(t)
	for name, value := range map[string]string{"too long": "Basic " + strings.Repeat("x", 4<<10), "not ASCII": "Basic ü", "a control": "Basic \t", "a DEL": "Basic \x7f"} {
		for kind, code := range map[string]string{httpx.TypeJSON: "authentication_error", httpx.TypeForm: "invalid_client"} {
			w := b.post("/oauth/token", kind, "", "Authorization", value)
			if got := failure(t, kind, w); w.Code != http.StatusUnauthorized || got.code != code || got.message != "Invalid client credentials" ||
				!strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("%s, %s: %d %v %v", name, kind, w.Code, got, w.Header())
			}
		}
	}
	if b.service.calls > 0 {
		t.Error("the service was called")
	}
}

func TestOnlyPOSTOfAFormOrJSONIsAccepted(t *testing.T) {
	b := newFixture(t)
	r := httptest.NewRequest(http.MethodGet, "/oauth/token?grant_type=refresh_token", nil)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if got := failure(t, httpx.TypeJSON, w); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" || got.code != "invalid_request" {
		t.Errorf("GET: %d %v %v", w.Code, got, w.Header())
	}
	for _, kind := range []string{"text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x"} {
		w := b.post("/oauth/token", kind, "{}")
		if got := failure(t, httpx.TypeJSON, w); w.Code != http.StatusUnsupportedMediaType || got.code != "invalid_request" {
			t.Errorf("%q: %d %v", kind, w.Code, got)
		}
	}
	for kind, body := range map[string]string{
		httpx.TypeJSON: `{"code":"` + strings.Repeat("x", httpx.MaxBody) + `"}`, httpx.TypeForm: "code=" + strings.Repeat("x", httpx.MaxBody),
	} {
		w := b.post("/oauth/token", kind, body)
		if got := failure(t, kind, w); w.Code != http.StatusRequestEntityTooLarge || got.code != "invalid_request" || !strings.Contains(got.message, "64 KiB") {
			t.Errorf("a long %s: %d %v", kind, w.Code, got)
		}
	}
	if b.service.calls > 0 {
		t.Error("the service was called")
	}
}

func TestAnUnknownPathGetsTheDocumentedJSON(t *testing.T) {
	w := httptest.NewRecorder()
	dialect.Problem(w, http.StatusNotFound)
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `"code":"not_found"`) || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("it responds %d %s", w.Code, w.Body)
	}
}
