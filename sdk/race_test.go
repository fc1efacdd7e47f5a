package usher_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/ushertest"
)

func TestAResponseThatARevocationOvertookIsNeitherReturnedNorCached(t *testing.T) {
	for name := range revocations("") {
		t.Run(name, func(t *testing.T) {
			server := ushertest.New()
			var client *usher.Client
			var once sync.Once
			server.Introspected = func(req *tokenv1.IntrospectTokenRequest) {
				once.Do(func() { // the first response is determined: now the token is revoked, and the client receives the revocation first
					row := revocations(req.GetToken())[name]
					if row.ends {
						server.RevokeWith(row.entry, req.GetToken())
					} else {
						server.RevokeWith(row.entry)
					}
					eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 })
				})
			}
			client = ready(t, server)
			token := server.Issue(facts())
			ends := revocations(token)[name].ends
			if active(t, client, token) == ends {
				t.Errorf("active is %t", !ends)
			}
			if want := map[bool]int{true: 2, false: 1}[ends]; len(server.Introspections()) != want {
				t.Errorf("introspected %d times, want %d", len(server.Introspections()), want)
			}
			if active(t, client, token) == ends {
				t.Errorf("later active is %t", !ends)
			}
		})
	}
}

func TestAResponseThatAResetOvertookIsRequestedAgain(t *testing.T) {
	server := ushertest.New()
	var client *usher.Client
	var once sync.Once
	server.Introspected = func(req *tokenv1.IntrospectTokenRequest) {
		once.Do(func() {
			server.Silence(true)
			server.Revoke(req.GetToken())
			server.Trim()
			server.Silence(false)
			eventually(t, "the reset", func() bool { return usher.Applied(client) == 1 })
		})
	}
	client = ready(t, server)
	if token := server.Issue(facts()); active(t, client, token) {
		t.Error("active after its revocation was received")
	}
}

// TestRaceOfIntrospectionsAndRevocations calls concurrently while a token is revoked. A call that
// starts after the client has received the revocation is denied.
func TestRaceOfIntrospectionsAndRevocations(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	for round := range 200 {
		token := server.Issue(facts())
		barrier, applied := make(chan struct{}), usher.Applied(client)
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				<-barrier
				if _, err := client.Introspect(context.Background(), token); err != nil && !errors.Is(err, usher.ErrInactive) {
					t.Error(err)
				}
			})
		}
		callers.Go(func() {
			<-barrier
			server.Revoke(token)
		})
		close(barrier)
		eventually(t, "the entry", func() bool { return usher.Applied(client) > applied })
		if active(t, client, token) {
			t.Fatalf("round %d: active after its revocation was received", round)
		}
		callers.Wait()
		if active(t, client, token) {
			t.Fatalf("round %d: a late response was cached", round)
		}
	}
}

func TestConcurrentMissesSendOneRequest(t *testing.T) {
	server := ushertest.New()
	release := make(chan struct{})
	server.Introspected = func(*tokenv1.IntrospectTokenRequest) { <-release }
	client := ready(t, server)
	token := server.Issue(facts())
	cancelled, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := client.Introspect(cancelled, token)
		result <- err
	}()
	eventually(t, "the request", func() bool { return len(server.Introspections()) == 1 })
	tokens := make(chan *usher.Token, 100)
	for range cap(tokens) {
		go func() {
			got, err := client.Introspect(context.Background(), token)
			if err != nil {
				t.Error(err)
			}
			tokens <- got
		}()
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled call got %v", err)
	}
	close(release)
	first := <-tokens
	for range cap(tokens) - 1 {
		if got := <-tokens; got != first {
			t.Fatal("the response is not shared")
		}
	}
	if n := len(server.Introspections()); n != 1 {
		t.Errorf("introspected %d times", n)
	}
}

func TestWithoutTrustACallDoesNotJoinAnEarlierRequest(t *testing.T) {
	server := ushertest.New()
	determined, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server.Introspected = func(*tokenv1.IntrospectTokenRequest) {
		once.Do(func() { close(determined); <-release })
	}
	client := ready(t, server, usher.WithCacheSize(0))
	token := server.Issue(facts())
	before, after := make(chan error), make(chan error)
	introspect := func(result chan error) {
		_, err := client.Introspect(context.Background(), token)
		result <- err
	}
	go introspect(before)
	<-determined
	server.Revoke(token)
	go introspect(after)
	close(release)
	if err := <-before; err != nil && !errors.Is(err, usher.ErrInactive) { // both are right: the token was revoked during the call
		t.Errorf("the call from before the revocation got %v", err)
	}
	if err := <-after; !errors.Is(err, usher.ErrInactive) {
		t.Errorf("the call from after the revocation got %v", err)
	}
}

// hanging is a connection of a token service that never responds.
type hanging struct{}

// Invoke is grpc.ClientConnInterface.
func (hanging) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

// NewStream is grpc.ClientConnInterface.
func (hanging) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	<-ctx.Done()
	return nil, status.FromContextError(ctx.Err()).Err()
}

// TestACallTakesAtMostTheTimeoutAlsoWhereItWaitsForAnEarlierRequest: it sends one of its own after that one, because without
// the log it may not use the response.
func TestACallTakesAtMostTheTimeoutAlsoWhereItWaitsForAnEarlierRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := usher.New(hanging{})
		defer func() { _ = client.Close() }() // the connection is the test's
		token := ushertest.Token(0)
		var callers sync.WaitGroup
		for i := range 10 {
			callers.Go(func() {
				time.Sleep(time.Duration(i) * 300 * time.Millisecond)
				start := time.Now()
				_, err := client.Check(t.Context(), token, "GET", "/v1/videos")
				if took := time.Since(start); statusOf(err) != http.StatusServiceUnavailable || took > 2*time.Second {
					t.Errorf("caller %d: %v after %v", i, err, took)
				}
			})
		}
		callers.Wait()
		time.Sleep(2 * time.Second) // the last request, for which no caller waits, ends by its own timeout
	})
}
