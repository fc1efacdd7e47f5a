package usher_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/dpop"
	"github.com/vidocu/usher/sdk/grpcauth"
	"github.com/vidocu/usher/sdk/httpauth"
	"github.com/vidocu/usher/sdk/ushertest"
)

// boundTo is a key, and an introspector whose one token is bound to it.
type boundTo struct {
	key        ed25519.PrivateKey
	jwk        string
	thumbprint string
}

func newBound(t *testing.T) boundTo {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk := `{"crv":"Ed25519","kty":"OKP","x":"` + base64URL(public) + `"}`
	sum := sha256.Sum256([]byte(jwk))
	return boundTo{key, jwk, base64URL(sum[:])}
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// proof returns a new proof for a request and the token.
func (b boundTo) proof(method, address string) string {
	sum := sha256.Sum256([]byte("live"))
	signed := base64URL([]byte(`{"typ":"dpop+jwt","alg":"EdDSA","jwk":`+b.jwk+`}`)) + "." + base64URL(fmt.Appendf(nil,
		`{"jti":"%s","htm":"%s","htu":"%s","iat":%d,"ath":"%s"}`, rand.Text(), method, address, time.Now().Unix(), base64URL(sum[:])))
	return signed + "." + base64URL(ed25519.Sign(b.key, []byte(signed)))
}

// Introspect is httpauth.Introspector and grpcauth.Introspector.
func (b boundTo) Introspect(_ context.Context, token string) (*usher.Token, error) {
	if token != "live" {
		return nil, usher.ErrInactive
	}
	return &usher.Token{Kind: enforce.AccessToken, Subject: "usr_a", Scopes: []string{"videos:read"}, Audience: []string{"https://api.test/reports"}, Thumbprint: b.thumbprint}, nil
}

// unproving is a checker that knows nothing of proofs.
type unproving struct{ boundTo }

// Check is httpauth.Checker.
func (u unproving) Check(ctx context.Context, token, _, _ string) (*usher.Token, error) {
	if token == "" {
		return nil, enforce.Unauthenticated(false)
	}
	return u.Introspect(ctx, token)
}

// TestN13_4_TheMiddlewareRequiresTheProof of the service's configured address, whatever the Host header
// says.
func TestN13_4_TheMiddlewareRequiresTheProof(t *testing.T) {
	b, other := newBound(t), newBound(t)
	final := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	const address = "https://api.test/reports"
	guards := map[string]http.Handler{
		"by its origin":   httpauth.RequireScope(b, "videos:read", httpauth.WithOrigin("https://api.test"))(final),
		"by its resource": httpauth.RequireScope(b, "videos:read", httpauth.WithResource(enforce.Resource{ID: "https://api.test/reports"}))(final),
		"without either":  httpauth.RequireScope(b, "videos:read")(final),
		"another checker": httpauth.New(unproving{b})(final),
	}
	serve := func(h http.Handler, scheme string, proofs ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "https://elsewhere.test/reports?page=2", nil)
		r.Header.Set("Authorization", scheme+" live")
		r.Header["Dpop"] = proofs
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for name, h := range guards {
		want := http.StatusNoContent
		if name == "without either" || name == "another checker" {
			want = http.StatusUnauthorized
		}
		used := b.proof("GET", address)
		if got := serve(h, "DPoP", used); got.Code != want {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		for what, got := range map[string]*httptest.ResponseRecorder{
			"again":               serve(h, "DPoP", used),
			"as Bearer":           serve(h, "Bearer", b.proof("GET", address)),
			"without a proof":     serve(h, "DPoP"),
			"of another key":      serve(h, "DPoP", other.proof("GET", address)),
			"of the Host header":  serve(h, "DPoP", b.proof("GET", "https://elsewhere.test/reports")),
			"of another method":   serve(h, "DPoP", b.proof("POST", address)),
			"two of them":         serve(h, "DPoP", b.proof("GET", address), b.proof("GET", address)),
			"something else":      serve(h, "DPoP", "proof"),
			"with another scheme": serve(h, "MAC", b.proof("GET", address)),
		} {
			challenge := got.Header().Get("WWW-Authenticate")
			asks := want == http.StatusNoContent && what != "with another scheme"
			if got.Code != http.StatusUnauthorized || asks != strings.Contains(challenge, "DPoP algs=") {
				t.Errorf("%s, %s: %d with %q", name, what, got.Code, challenge)
			}
		}
	}
}

// TestGuardsThatShareTheirProofsAcceptEachOnce, and one that has its own accepts it again. The nonces of one guard are
// not those of another.
func TestGuardsThatShareTheirProofsAcceptEachOnce(t *testing.T) {
	b, shared := newBound(t), enforce.NewProofs()
	final := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	guarded := func(options ...httpauth.Option) http.Handler {
		return httpauth.RequireScope(b, "videos:read", append(options, httpauth.WithOrigin("https://api.test"))...)(final)
	}
	interceptor := grpcauth.New(b, map[string]string{"/v.S/List": "videos:read"}, grpcauth.WithOrigin("https://api.test"), grpcauth.WithProofs(shared)).Unary()
	proof := b.proof(http.MethodPost, "https://api.test/v.S/List")
	send := func(h http.Handler) int {
		r := httptest.NewRequest(http.MethodPost, "/v.S/List", nil)
		r.Header.Set("Authorization", "DPoP live")
		r.Header.Set("DPoP", proof)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := send(guarded(httpauth.WithNonces(dpop.NewNonces([]byte(strings.Repeat("k", 32)))), httpauth.WithProofs(shared))); got != http.StatusUnauthorized {
		t.Errorf("a guard that needs a nonce: %d", got)
	}
	if got := send(guarded(httpauth.WithProofs(shared))); got != http.StatusOK {
		t.Errorf("first: %d", got)
	}
	if got := send(guarded(httpauth.WithProofs(shared))); got != http.StatusUnauthorized {
		t.Errorf("again, at another guard with the same proofs: %d", got)
	}
	ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{"authorization": {"DPoP live"}, "dpop": {proof}})
	_, err := interceptor(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/v.S/List"}, func(context.Context, any) (any, error) { return nil, nil })
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("again, at an interceptor with the same proofs: %v", err)
	}
	if got := send(guarded(httpauth.WithProofs(nil))); got != http.StatusOK {
		t.Errorf("at a guard with its own: %d", got)
	}
}

// TestRFC9449_7_2_AnIntrospectedTokenIsNoProof: a bound token that Introspect returned is refused.
func TestRFC9449_7_2_AnIntrospectedTokenIsNoProof(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	bound := facts()
	bound.Cnf = &tokenv1.Confirmation{Jkt: newBound(t).thumbprint}
	for want, issued := range map[int]*tokenv1.IntrospectTokenResponse{0: facts(), http.StatusUnauthorized: bound} {
		token, err := client.Introspect(t.Context(), server.Issue(issued))
		if err != nil {
			t.Fatal(err)
		}
		var got int
		if d := enforce.RequireScope(token.EnforcedSubject(), "videos:read"); d != nil {
			got = d.Status
		}
		if got != want {
			t.Errorf("bound %t: %d, want %d", token.Thumbprint != "", got, want)
		}
	}
}

// TestN13_4_TheInterceptorsRequireTheProof for POST and the URL of the method.
func TestN13_4_TheInterceptorsRequireTheProof(t *testing.T) {
	b := newBound(t)
	const method = "/v.S/List"
	scopes := map[string]string{method: "videos:read"}
	call := func(g *grpcauth.Guard, scheme string, proofs ...string) codes.Code {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{"authorization": {scheme + " live"}, "dpop": proofs})
		_, err := g.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) { return nil, nil })
		return status.Code(err)
	}
	g := grpcauth.New(b, scopes, grpcauth.WithOrigin("https://grpc.test"))
	used := b.proof("POST", "https://grpc.test"+method)
	for what, row := range map[string]struct{ got, want codes.Code }{
		"its proof":       {call(g, "DPoP", used), codes.OK},
		"again":           {call(g, "DPoP", used), codes.Unauthenticated},
		"as Bearer":       {call(g, "Bearer", b.proof("POST", "https://grpc.test"+method)), codes.Unauthenticated},
		"without a proof": {call(g, "DPoP"), codes.Unauthenticated},
		"of GET":          {call(g, "DPoP", b.proof("GET", "https://grpc.test"+method)), codes.Unauthenticated},
		"without origin":  {call(grpcauth.New(b, scopes), "DPoP", b.proof("POST", "https://grpc.test"+method)), codes.Unauthenticated},
	} {
		if row.got != row.want {
			t.Errorf("%s: %s", what, row.got)
		}
	}
}
