package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/logging/loggingtest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// services is a fake of every service that the gateway calls: a map from method to response. Errors arrive as they
// would over the network.
type services map[string]func(req proto.Message) (proto.Message, error)

// Invoke is grpc.ClientConnInterface.
func (s services) Invoke(ctx context.Context, method string, req, res any, _ ...grpc.CallOption) error {
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	name := method[strings.LastIndex(method, "/")+1:]
	in, _ := req.(proto.Message)
	out, _ := res.(proto.Message)
	if _, err := proto.Marshal(in); err != nil { // as gRPC's client does before it sends anything
		return status.Error(codes.Internal, "grpc: error while marshaling: "+err.Error())
	}
	do := s[name]
	if do == nil {
		return status.Error(codes.Unimplemented, name)
	}
	reply, err := do(in)
	if err != nil {
		return status.FromProto(status.Convert(oerr.Edge(err)).Proto()).Err()
	}
	proto.Merge(out, reply)
	return nil
}

// NewStream is grpc.ClientConnInterface; the gateway opens no streams.
func (services) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unimplemented, "no streams")
}

func (s services) respond(method string, res proto.Message, err error) {
	s[method] = func(proto.Message) (proto.Message, error) { return res, err }
}

// browser is a client of the gateway with a cookie jar.
type browser struct {
	services
	handler http.Handler
	logs    *loggingtest.Buffer
	cookies map[string]*http.Cookie
}

func newBrowser(t *testing.T, change ...func(*gateway.Deps)) browser {
	t.Helper()
	return newBrowserWith(t, gateway.DefaultConfig(), change...)
}

func newBrowserWith(t testing.TB, config gateway.Config, change ...func(*gateway.Deps)) browser {
	t.Helper()
	p := browser{services: services{}, logs: &loggingtest.Buffer{}, cookies: map[string]*http.Cookie{}}
	deps := gateway.Deps{
		Logger: slog.New(slog.NewTextHandler(p.logs, nil)), Metrics: telemetry.New(), Catalog: catalog.Fixed(catalog.Default()),
		Identity: p, Authz: p, Token: p, Consent: p, PublicURL: "https://login.test", Checker: checker{},
	}
	for _, c := range change {
		c(&deps)
	}
	h, err := gateway.New(t.Context(), config, deps)
	if err != nil {
		t.Fatal(err)
	}
	p.handler = h
	return p
}

func (p browser) send(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		p.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		}
	}
	return w
}

func (p browser) get(target string) *httptest.ResponseRecorder {
	return p.send(httptest.NewRequest(http.MethodGet, "https://login.test"+target, nil))
}

func (p browser) post(target string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://login.test"+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(r)
}

var csrfField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

// csrf returns the CSRF token of a page's form.
func csrf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	return field(t, w, "csrf_token")
}

// field returns the value of a field of a page's form.
func field(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || found == nil {
		t.Fatalf("the page is %d %s, without a form", w.Code, w.Body)
	}
	return found[1]
}
