package usher_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/grpcauth"
	"github.com/vidocu/usher/sdk/httpauth"
	"github.com/vidocu/usher/sdk/ushertest"
)

// restrictedKey is a key for one scope and one network.
func restrictedKey() *tokenv1.IntrospectTokenResponse {
	return &tokenv1.IntrospectTokenResponse{
		Kind: tokenv1.TokenKind_TOKEN_KIND_RESTRICTED_API_KEY, Sub: "key_1", WorkspaceId: "ws_acme", Plan: "pro", Scope: "videos:read",
		AllowedAddresses: []string{"203.0.113.0/24", "2001:db8::/32"},
	}
}

func TestARestrictedKeyIsRefusedFromAnotherAddressAlsoWhenItIsCached(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	key := server.Issue(restrictedKey())
	check := func(source string) error {
		_, err := client.CheckRequest(t.Context(), usher.Request{
			Credential: enforce.Credential{Token: key}, Method: "GET", Path: "/v1/videos", Source: source,
		})
		return err
	}
	for range 2 { // the second time from the cache
		for source, want := range map[string]int{
			"203.0.113.9": 0, "203.0.113.9:4711": 0, "[2001:db8::1]:443": 0, "::ffff:203.0.113.9": 0,
			"203.0.114.9": http.StatusUnauthorized, "": http.StatusUnauthorized, "unix": http.StatusUnauthorized, "203.0.113.9, 10.0.0.1": http.StatusUnauthorized,
		} {
			if got := statusOf(check(source)); got != want && (want != 0 || check(source) != nil) {
				t.Errorf("from %q: status %d, want %d", source, got, want)
			}
		}
	}
	var denial *enforce.Denial
	if !errors.As(check("10.0.0.1"), &denial) || !denial.OtherAddress() {
		t.Errorf("the denial is %v", denial)
	}
	if n := len(server.Introspections()); n != 1 {
		t.Errorf("%d introspections, want 1: a refused address must not end the cached key", n)
	}
	if _, err := client.CheckRequest(t.Context(), usher.Request{
		Credential: enforce.Credential{Token: key}, Method: "POST", Path: "/v1/videos/1/export", Source: "203.0.113.9",
	}); statusOf(err) != http.StatusForbidden {
		t.Errorf("an endpoint of another scope: %v", err)
	}
}

// TestADenialHasItsOwnTypeAlsoWithAToken, for callers that compare the type and do not unwrap.
func TestADenialHasItsOwnTypeAlsoWithAToken(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	key := server.Issue(restrictedKey())
	for name, row := range map[string]struct {
		request usher.Request
		active  bool
	}{
		"no token":            {usher.Request{Method: "GET", Path: "/v1/videos"}, false},
		"an inactive token":   {usher.Request{Credential: enforce.Credential{Token: "vdo_oat_x"}, Method: "GET", Path: "/v1/videos"}, false},
		"another address":     {usher.Request{Credential: enforce.Credential{Token: key}, Method: "GET", Path: "/v1/videos", Source: "10.0.0.1"}, true},
		"no key of DPoP":      {usher.Request{Credential: enforce.Credential{Token: key, DPoP: true}, Method: "GET", Path: "/v1/videos", Source: "203.0.113.9"}, true},
		"a missing scope":     {usher.Request{Credential: enforce.Credential{Token: key}, Method: "POST", Path: "/v1/videos/1/export", Source: "203.0.113.9"}, true},
		"an unknown endpoint": {usher.Request{Credential: enforce.Credential{Token: key}, Method: "GET", Path: "/v1/none", Source: "203.0.113.9"}, true},
	} {
		_, err := client.CheckRequest(t.Context(), row.request)
		if _, plain := err.(*enforce.Denial); !plain { //nolint:errorlint // the comparison is what is tested
			t.Errorf("%s: the error is a %T", name, err)
		}
		if of := usher.RefusedToken(err); (of != nil) != row.active || of != nil && of.Subject != "key_1" {
			t.Errorf("%s: the token is %+v", name, of)
		}
	}
}

func TestIntrospectKnowsTheAddressFromItsContext(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	key := server.Issue(restrictedKey())
	for source, active := range map[string]bool{"203.0.113.9": true, "10.0.0.1": false, "": false} {
		_, err := client.Introspect(usher.WithSource(t.Context(), source), key)
		if (err == nil) != active || err != nil && (!errors.Is(err, usher.ErrInactive) || !errors.Is(err, usher.ErrAddress)) {
			t.Errorf("from %q: %v", source, err)
		}
	}
	if _, err := client.Introspect(t.Context(), key); !errors.Is(err, usher.ErrInactive) {
		t.Errorf("without an address: %v", err)
	}
}

func TestTheMiddlewareRefusesARestrictedKeyWithoutItsAddress(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	key := server.Issue(restrictedKey())
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, row := range map[string]struct {
		middleware func(http.Handler) http.Handler
		remote     string
		want       int
	}{
		"without the option":    {httpauth.New(client), "203.0.113.9:1", 401},
		"the peer":              {httpauth.New(client, httpauth.WithSource(httpauth.PeerAddress)), "203.0.113.9:1", 200},
		"another peer":          {httpauth.New(client, httpauth.WithSource(httpauth.PeerAddress)), "10.0.0.1:1", 401},
		"a scope of one's own":  {httpauth.RequireScope(client, "videos:read", httpauth.WithSource(httpauth.PeerAddress)), "203.0.113.9:1", 200},
		"a scope it lacks":      {httpauth.RequireScope(client, "jobs:read", httpauth.WithSource(httpauth.PeerAddress)), "203.0.113.9:1", 403},
		"a scope, another peer": {httpauth.RequireScope(client, "videos:read", httpauth.WithSource(httpauth.PeerAddress)), "10.0.0.1:1", 401},
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/videos", nil)
		r.RemoteAddr = row.remote
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		row.middleware(ok).ServeHTTP(w, r)
		if w.Code != row.want {
			t.Errorf("%s: %d, want %d", name, w.Code, row.want)
		}
		const message = "This API key may not be used from the address of this request"
		if w.Code == http.StatusUnauthorized && (!strings.Contains(w.Body.String(), message) || !strings.Contains(w.Header().Get("WWW-Authenticate"), message)) {
			t.Errorf("%s: %s, %q", name, w.Body, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestAKeyIsNotCachedPastItsEnd(t *testing.T) {
	server, at := ushertest.New(), &clock{}
	client := ready(t, server, usher.WithClock(at.now), usher.WithMaxAge(time.Hour))
	short := restrictedKey()
	short.ExpiresInMs, short.AllowedAddresses = 60_000, nil
	key, witness := server.Issue(short), server.Issue(facts())
	_, _ = active(t, client, key), active(t, client, witness)
	at.advance(t, 61*time.Second, server, client, witness)
	if cached(t, server, client, key) {
		t.Error("the key is used from the cache past its end")
	}
}

func TestAnAddressListOfALaterReleaseAllowsNone(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	later := restrictedKey()
	later.AllowedAddresses = []string{"office"}
	key := server.Issue(later)
	if _, err := client.Introspect(usher.WithSource(t.Context(), "203.0.113.9"), key); !errors.Is(err, usher.ErrInactive) {
		t.Errorf("a network that this version cannot read: %v", err)
	}
}

// sourceStream is a fake stream of a caller with a token.
type sourceStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context is grpc.ServerStream.
func (s sourceStream) Context() context.Context { return s.ctx }

// TestAHandlerIntrospectsTheTokenOfALongStreamAgain, from the address that the stream came from.
func TestAHandlerIntrospectsTheTokenOfALongStreamAgain(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	key := server.Issue(restrictedKey())
	guard := grpcauth.New(client, map[string]string{"/v.S/Watch": "videos:read"}, grpcauth.WithSource(func(context.Context) string { return "203.0.113.9:4711" }))
	stream := sourceStream{ctx: metadata.NewIncomingContext(t.Context(), metadata.MD{"authorization": {"Bearer " + key}})}
	err := guard.Stream()(nil, stream, &grpc.StreamServerInfo{FullMethod: "/v.S/Watch"}, func(_ any, s grpc.ServerStream) error {
		sent := enforce.ReadCredential(metadata.ValueFromIncomingContext(s.Context(), "authorization"), nil)
		if _, err := client.Introspect(s.Context(), sent.Token); err != nil {
			t.Errorf("while the key is active: %v", err)
		}
		server.Revoke(key)
		eventually(t, "the revocation", func() bool {
			_, err := client.Introspect(s.Context(), sent.Token)
			return errors.Is(err, usher.ErrInactive) && !errors.Is(err, usher.ErrAddress)
		})
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
