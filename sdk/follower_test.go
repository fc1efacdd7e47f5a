package usher_test

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/ushertest"
)

// bound is the bound of trust with ushertest's 100 ms heartbeats, with a margin.
const bound = time.Second

func TestARevocationTakesEffectAtOnce(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(facts())
	_ = active(t, client, token)
	server.Revoke(token)
	eventually(t, "the denial", func() bool { return !active(t, client, token) })
	if n := len(server.WatchRequests()); n != 1 {
		t.Errorf("%d streams were opened: the denial came from a new introspection, and not from the stream", n)
	}
}

// undisturbed runs a scenario until it needs as many introspections as it wants: heartbeats that a
// busy machine delays cost more of them, which a cache that was lost costs each time.
func undisturbed(t *testing.T, want int, scenario func() (introspections int)) {
	t.Helper()
	var n int
	for range 5 {
		if n = scenario(); n == want || t.Failed() {
			return
		}
	}
	t.Errorf("introspected %d times, want %d: a token that was not revoked was evicted", n, want)
}

func TestAfterABreakTheLogIsResumedAndNothingIsMissed(t *testing.T) {
	undisturbed(t, 3, func() int { return afterABreak(t) })
}

// afterABreak returns the number of introspections of a token that is revoked during a break, before
// and after it, and of another one.
func afterABreak(t *testing.T) (introspections int) {
	t.Helper()
	server := ushertest.New()
	client := ready(t, server)
	stays, ends := server.Issue(facts()), server.Issue(facts())
	_, _ = active(t, client, stays), active(t, client, ends)
	server.RevokeWith(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 })
	server.Fail(status.Error(codes.Unavailable, "stopping"))
	server.Break()
	server.Revoke(ends)
	server.Fail(nil)
	eventually(t, "the missed entry", func() bool { return usher.Applied(client) == 2 })
	if watched := server.WatchRequests(); watched[0].Cursor != nil || watched[len(watched)-1].Cursor == nil || watched[len(watched)-1].GetCursor() != 1 {
		t.Errorf("the stream requests were %v", watched)
	}
	if active(t, client, ends) {
		t.Error("active after its revocation was received")
	}
	eventually(t, "trust", func() bool { return cached(t, server, client, stays) })
	return len(server.Introspections())
}

// TestFault_D9_AStreamThatReachedItsLifetimeIsResumedWithoutAWarning: the service ends each stream
// with OK after its lifetime.
func TestFault_D9_AStreamThatReachedItsLifetimeIsResumedWithoutAWarning(t *testing.T) {
	undisturbed(t, 3, func() int { return afterALifetime(t) })
}

// afterALifetime is afterABreak with the end of the stream's lifetime.
func afterALifetime(t *testing.T) (introspections int) {
	t.Helper()
	server := ushertest.New()
	var log syncBuffer
	client := ready(t, server, usher.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	stays, ends := server.Issue(facts()), server.Issue(facts())
	_, _ = active(t, client, stays), active(t, client, ends)
	server.EndStreams()
	server.Revoke(ends)
	eventually(t, "the entry after the end", func() bool { return usher.Applied(client) == 1 })
	if active(t, client, ends) || !active(t, client, stays) {
		t.Error("after the stream was resumed, a revoked token is active or a live one is not")
	}
	if watched := server.WatchRequests(); len(watched) != 2 || watched[1].Cursor == nil {
		t.Errorf("the stream requests were %v, want a new stream and a resumed one", watched)
	}
	if log.String() != "" {
		t.Errorf("the client logs a warning about a planned end: %s", log.String())
	}
	return len(server.Introspections())
}

func TestAServerThatRestartsLosesNoEntry(t *testing.T) {
	server := ushertest.New()
	addr, stop, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, addr) // it keeps the port, which another process could take during the restart
	client := dial(t, p.addr)
	waitReady(t, client)
	token := server.Issue(facts())
	_ = active(t, client, token)
	p.target.Store(new(string))
	stop()
	server.Revoke(token)
	addr, stop, err = server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	p.target.Store(&addr)
	eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 })
	if active(t, client, token) {
		t.Error("active after its revocation was received")
	}
}

func TestAResetClearsTheCache(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(facts())
	_ = active(t, client, token)
	server.Fail(status.Error(codes.Unavailable, "stopping"))
	server.Break()
	server.RevokeWith(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	server.Trim()
	server.Fail(nil)
	eventually(t, "the reset", func() bool { return usher.Applied(client) == 1 })
	if cached(t, server, client, token) {
		t.Error("cached after a reset")
	}
	eventually(t, "trust", func() bool { return cached(t, server, client, token) })
}

// TestWithoutALoggerALostStreamIsResumed: the line about it is written by a goroutine of the client.
func TestWithoutALoggerALostStreamIsResumed(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server, usher.WithLogger(nil), usher.WithProofNonces(nil))
	server.Break()
	server.RevokeWith(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 && len(server.WatchRequests()) > 1 })
}

// TestACursorBeyondTheEndOfTheLogIsReset: it is of another log, such as that of a fake that a test replaces.
func TestACursorBeyondTheEndOfTheLogIsReset(t *testing.T) {
	first, second := ushertest.New(), ushertest.New()
	addr, stop, err := first.Start()
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, addr)
	client := dial(t, p.addr)
	waitReady(t, client)
	token := first.Issue(facts())
	_ = active(t, client, token)
	first.RevokeWith(&tokenv1.Revocation{Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_x"})
	eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 })
	addr = start(t, second)
	p.target.Store(&addr)
	stop()
	eventually(t, "the reset", func() bool { return usher.Applied(client) == 0 })
	if active(t, client, token) {
		t.Error("a response of before the reset is used")
	}
}

func TestASilentStreamIsNotTrustedBeyondTheBound(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	token := server.Issue(facts())
	_ = active(t, client, token)
	server.Silence(true)
	quiet := time.Now()
	server.Revoke(token)
	allowed := quiet
	eventually(t, "the denial", func() bool {
		start := time.Now() // not later than the decision, even on a busy machine
		yes := active(t, client, token)
		if yes {
			allowed = start
		}
		return !yes
	})
	if late := allowed.Sub(quiet); late > bound {
		t.Errorf("a check that began %v after the last message was allowed", late)
	}
	other := server.Issue(facts())
	for range 3 {
		if !active(t, client, other) || cached(t, server, client, other) {
			t.Fatal("a silent stream is trusted")
		}
	}
	eventually(t, "another stream", func() bool { return len(server.WatchRequests()) > 1 })
	server.Silence(false)
	eventually(t, "trust", func() bool { return cached(t, server, client, other) })
}

func TestAConnectionThatDropsBytesAllowsNothingBeyondTheBoundAndIsReplaced(t *testing.T) {
	server := ushertest.New()
	p := newProxy(t, start(t, server))
	client := dial(t, p.addr)
	waitReady(t, client)
	ends, stays := server.Issue(facts()), server.Issue(facts())
	_, _ = active(t, client, ends), active(t, client, stays)
	p.dropAll(true)
	server.Revoke(ends)
	quiet := time.Now()
	allowed := quiet
	eventually(t, "the denial", func() bool {
		start := time.Now() // not later than the decision, even on a busy machine
		_, err := client.Check(t.Context(), ends, "GET", "/v1/videos")
		if err == nil {
			allowed = start
		}
		return err != nil
	})
	if late := allowed.Sub(quiet); late > bound {
		t.Errorf("a check that began %v after the last message was allowed", late)
	}
	if _, err := client.Check(t.Context(), ends, "GET", "/v1/videos"); statusOf(err) != enforce.Unavailable().Status {
		t.Errorf("an uncheckable token gets %v", err)
	}
	p.dropAll(false)
	eventually(t, "another connection", func() bool {
		_, err := client.Check(t.Context(), stays, "GET", "/v1/videos")
		return err == nil
	})
	if _, err := client.Check(t.Context(), ends, "GET", "/v1/videos"); statusOf(err) != 401 {
		t.Errorf("a token that was revoked meanwhile gets %v", err)
	}
}

// withoutLog is a token service whose revocation log cannot be followed.
type withoutLog struct {
	*ushertest.Server
	err error
}

func (o withoutLog) WatchRevocations(*tokenv1.WatchRevocationsRequest, grpc.ServerStreamingServer[tokenv1.WatchRevocationsResponse]) error {
	return o.err
}

// startWithoutLog serves everything but the revocation log, whose streams end with a status.
func startWithoutLog(t *testing.T, server *ushertest.Server, code codes.Code) (addr string) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	tokenv1.RegisterIntrospectionServiceServer(s, server)
	tokenv1.RegisterCatalogServiceServer(s, server)
	tokenv1.RegisterRevocationServiceServer(s, withoutLog{server, status.Error(code, "no stream")})
	go func() { _ = s.Serve(lis) }()
	t.Cleanup(s.Stop)
	return lis.Addr().String()
}

func TestWithAServerWithoutALogEveryCallIntrospects(t *testing.T) {
	server := ushertest.New()
	client := dial(t, startWithoutLog(t, server, codes.Unimplemented))
	waitReady(t, client)
	token := server.Issue(facts())
	for range 3 {
		if _, err := client.Check(t.Context(), token, "GET", "/v1/videos"); err != nil || cached(t, server, client, token) {
			t.Fatalf("cached, or %v", err)
		}
	}
	server.Revoke(token)
	if _, err := client.Introspect(t.Context(), token); !errors.Is(err, usher.ErrInactive) {
		t.Errorf("got %v", err)
	}
}

// TestANewCatalogTakesEffectAlsoWithoutTheStream: every check introspects then, and a scope that an endpoint
// needs since is enforced too.
func TestANewCatalogTakesEffectAlsoWithoutTheStream(t *testing.T) {
	for name, begin := range map[string]func(*ushertest.Server) *usher.Client{
		"the stream is silent": func(server *ushertest.Server) *usher.Client {
			client := ready(t, server)
			server.Silence(true)
			return client
		},
		"the stream is denied": func(server *ushertest.Server) *usher.Client {
			return dial(t, startWithoutLog(t, server, codes.PermissionDenied))
		},
		"the stream is limited": func(server *ushertest.Server) *usher.Client {
			return dial(t, startWithoutLog(t, server, codes.ResourceExhausted))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := ushertest.New()
			client, token := begin(server), server.Issue(facts())
			check := func() int {
				_, err := client.Check(t.Context(), token, "GET", "/v1/videos")
				return statusOf(err)
			}
			eventually(t, "the first catalog", func() bool { return check() == 0 })
			server.SetCatalog(&tokenv1.GetCatalogResponse{
				Endpoints: []*tokenv1.Endpoint{{Method: "GET", Path: "/v1/videos", Scope: "videos:admin"}},
				Plans:     []*tokenv1.Plan{{Name: "pro", Endpoints: []string{"GET /v1/videos"}}},
			})
			eventually(t, "the new scope", func() bool { return check() == http.StatusForbidden })
		})
	}
}
