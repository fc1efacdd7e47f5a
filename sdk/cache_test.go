package usher_test

import (
	"crypto/sha256"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/ushertest"
)

// clock is a monotonic clock that a test advances.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Duration { return time.Duration(c.at.Load()) }

// advance advances the clock and waits until the cache is trusted again, which a long-lived token
// shows.
func (c *clock) advance(t *testing.T, d time.Duration, server *ushertest.Server, client *usher.Client, witness string) {
	t.Helper()
	c.at.Add(int64(d))
	eventually(t, "trust after an advance of the clock", func() bool { return cached(t, server, client, witness) })
}

func TestAResponseIsCachedUntilTheTokenExpiresByTheLocalClock(t *testing.T) {
	server, at := ushertest.New(), &clock{}
	client := ready(t, server, usher.WithClock(at.now), usher.WithMaxAge(time.Hour))
	short := facts()
	short.ExpiresInMs = 60_000
	token, witness := server.Issue(short), server.Issue(&tokenv1.IntrospectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_API_KEY})
	_, _ = active(t, client, token), active(t, client, witness)
	at.advance(t, 59*time.Second, server, client, witness)
	if !cached(t, server, client, token) {
		t.Error("introspected again before the token's expiry")
	}
	at.advance(t, time.Second, server, client, witness)
	if cached(t, server, client, token) {
		t.Error("cached past the token's expiry")
	}
}

func TestAResponseIsNotCachedPastItsMaxAge(t *testing.T) {
	server, at := ushertest.New(), &clock{}
	client := ready(t, server, usher.WithClock(at.now), usher.WithNegativeAge(10*time.Second), usher.WithMaxAge(time.Minute))
	token, dead := server.Issue(facts()), ushertest.Token(0)
	_, _ = active(t, client, token), active(t, client, dead)
	if !cached(t, server, client, token) || !cached(t, server, client, dead) {
		t.Fatal("not cached at all")
	}
	at.advance(t, 10*time.Second, server, client, token)
	if cached(t, server, client, dead) {
		t.Error("an inactive token is cached past its maximum age")
	}
	at.at.Add(int64(50 * time.Second))
	requests := len(server.Introspections())
	eventually(t, "an introspection and trust", func() bool { return cached(t, server, client, token) })
	if len(server.Introspections()) == requests {
		t.Error("cached past its maximum age")
	}
}

func TestAnExpiryByTheServersClockOnlyIsNotCached(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	old := facts()
	old.ExpiresInMs = 0
	if token := server.Issue(old); !active(t, client, token) || cached(t, server, client, token) {
		t.Error("cached")
	}
}

func TestGuessedTokensEvictNoActiveToken(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server, usher.WithCacheSize(64))
	token := server.Issue(facts())
	_ = active(t, client, token)
	for range 500 {
		_ = active(t, client, ushertest.Token(0))
	}
	if !cached(t, server, client, token) {
		t.Error("inactive tokens evicted an active one")
	}
}

func TestWithoutACacheEveryCallIntrospects(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server, usher.WithCacheSize(0))
	token := server.Issue(facts())
	for range 3 {
		if !active(t, client, token) || cached(t, server, client, token) {
			t.Error("cached")
		}
	}
	server.Revoke(token)
	if active(t, client, token) {
		t.Error("active after its revocation")
	}
}

// revocations returns one entry of the log for each kind, and whether it revokes the token of
// facts().
func revocations(token string) map[string]struct {
	entry *tokenv1.Revocation
	ends  bool
} {
	sum, other := sha256.Sum256([]byte(token)), sha256.Sum256([]byte("another"))
	return map[string]struct {
		entry *tokenv1.Revocation
		ends  bool
	}{
		"token":              {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: sum[:]}, true},
		"another token":      {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: other[:]}, false},
		"a truncated token":  {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: other[:31]}, true},
		"grant":              {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_GRANT, GrantId: []byte("grant a")}, true},
		"another grant":      {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_GRANT, GrantId: []byte("grant b")}, false},
		"a grant without ID": {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_GRANT}, true},
		"pair":               {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_PAIR, UserId: "usr_a", ClientId: "app"}, true},
		"another pair":       {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_PAIR, UserId: "usr_a", ClientId: "other"}, false},
		"user":               {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_a"}, true},
		"another user":       {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_b"}, false},
		"member":             {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_MEMBER, UserId: "usr_a", WorkspaceId: "ws_a"}, true},
		"member elsewhere":   {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_MEMBER, UserId: "usr_a", WorkspaceId: "ws_b"}, false},
		"client":             {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_CLIENT, ClientId: "app"}, true},
		"another client":     {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_CLIENT, ClientId: "other"}, false},
		"workspace":          {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE, WorkspaceId: "ws_a"}, true},
		"another workspace":  {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE, WorkspaceId: "ws_b"}, false},
		"authentication app": {&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_AUTHENTICATION_APP}, false},
		"no kind":            {&tokenv1.Revocation{}, true},
		"an unknown kind":    {&tokenv1.Revocation{Kind: 99}, true},
	}
}

func TestEachKindOfRevocationEvictsTheTokensItRevokes(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(facts())
	for name, row := range revocations(token) {
		_ = active(t, client, token)
		applied := usher.Applied(client)
		server.RevokeWith(row.entry)
		eventually(t, name, func() bool { return usher.Applied(client) > applied })
		if cached(t, server, client, token) == row.ends {
			t.Errorf("%s: cached is %t", name, !row.ends)
		}
	}
}

func TestAUserTokenWithoutAWorkspaceIsEvictedWithAnyOfTheUsers(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(&tokenv1.IntrospectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_USER_TOKEN, Sub: "usr_a", ExpiresInMs: 60_000})
	for _, entry := range []*tokenv1.Revocation{
		{Kind: tokenv1.RevocationKind_REVOCATION_KIND_MEMBER, UserId: "usr_a", WorkspaceId: "ws_a"},
		{Kind: tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE, WorkspaceId: "ws_a"},
		{Kind: tokenv1.RevocationKind_REVOCATION_KIND_AUTHENTICATION_APP},
	} {
		_ = active(t, client, token)
		applied := usher.Applied(client)
		server.RevokeWith(entry)
		eventually(t, entry.GetKind().String(), func() bool { return usher.Applied(client) > applied })
		if cached(t, server, client, token) {
			t.Errorf("%v: cached", entry.GetKind())
		}
	}
}

func TestAnIntrospectionRequestHasTheAppliedCursor(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	server.RevokeWith(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 })
	token := server.Issue(facts())
	_ = active(t, client, token)
	want := &tokenv1.IntrospectTokenRequest{Token: token, MinCursor: 1, ChecksAddresses: true}
	if requests := server.Introspections(); len(requests) != 1 || !proto.Equal(requests[0], want) {
		t.Errorf("introspected %v", requests)
	}
}
