package usher_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/credentials/insecure"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/ushertest"
)

const timeout = 2 * time.Minute

// facts are the properties of an ordinary access token.
func facts() *tokenv1.IntrospectTokenResponse {
	return &tokenv1.IntrospectTokenResponse{
		Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, Sub: "usr_a", Username: "usr_a", Name: "A", ClientId: "app", WorkspaceId: "ws_a",
		Scope: "videos:read jobs:read", Plan: "pro", Iss: "https://issuer.test", Iat: 100, Exp: 3700, ExpiresInMs: 3_600_000,
		GrantId: []byte("grant a"),
	}
}

func start(t testing.TB, server *ushertest.Server) (addr string) {
	t.Helper()
	addr, stop, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return addr
}

func dial(t testing.TB, addr string, opts ...usher.Option) *usher.Client {
	t.Helper()
	client, err := usher.Dial(addr, insecure.NewCredentials(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// ready returns a client of a running server, once it is ready.
func ready(t testing.TB, server *ushertest.Server, opts ...usher.Option) *usher.Client {
	t.Helper()
	client := dial(t, start(t, server), opts...)
	waitReady(t, client)
	return client
}

func waitReady(t testing.TB, client *usher.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := client.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, name string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for tick := time.NewTicker(2 * time.Millisecond); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", name, timeout)
		}
	}
}

func active(t testing.TB, client *usher.Client, token string) bool {
	t.Helper()
	_, err := client.Introspect(t.Context(), token)
	if err != nil && !errors.Is(err, usher.ErrInactive) {
		t.Fatal(err)
	}
	return err == nil
}

// cached reports whether the client responds without an introspection request.
func cached(t testing.TB, server *ushertest.Server, client *usher.Client, token string) bool {
	t.Helper()
	before := len(server.Introspections())
	_, _ = client.Introspect(t.Context(), token)
	return len(server.Introspections()) == before
}

func statusOf(err error) int {
	var denial *enforce.Denial
	if errors.As(err, &denial) {
		return denial.Status
	}
	return 0
}

// get returns the response to a GET with an Authorization header.
func get(h http.Handler, target, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// syncBuffer is a log that a test reads while the client writes to it.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
