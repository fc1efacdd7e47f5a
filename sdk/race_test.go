package usher_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/ushertest"
)

func TestAnAnswerThatARevocationOvertookIsNeitherUsedNorRemembered(t *testing.T) {
	for name := range endings("") {
		t.Run(name, func(t *testing.T) {
			server := ushertest.New()
			var client *usher.Client
			var once sync.Once
			server.Answered = func(req *tokenv1.IntrospectTokenRequest) {
				once.Do(func() { // the first answer is settled: now the token ends, and the client hears of it first
					row := endings(req.GetToken())[name]
					if row.ends {
						server.EndAll(row.entry, req.GetToken())
					} else {
						server.EndAll(row.entry)
					}
					eventually(t, "the entry", func() bool { return usher.Applied(client) == 1 })
				})
			}
			client = ready(t, server)
			token := server.Issue(facts())
			ends := endings(token)[name].ends
			if active(t, client, token) == ends {
				t.Errorf("active is %t", !ends)
			}
			if want := map[bool]int{true: 2, false: 1}[ends]; len(server.Asked()) != want {
				t.Errorf("asked %d times, want %d", len(server.Asked()), want)
			}
			if active(t, client, token) == ends {
				t.Errorf("later active is %t", !ends)
			}
		})
	}
}

func TestAnAnswerThatAResetOvertookIsAskedForAgain(t *testing.T) {
	server := ushertest.New()
	var client *usher.Client
	var once sync.Once
	server.Answered = func(req *tokenv1.IntrospectTokenRequest) {
		once.Do(func() {
			server.Silence(true)
			server.End(req.GetToken())
			server.Trim()
			server.Silence(false)
			eventually(t, "the reset", func() bool { return usher.Applied(client) == 1 })
		})
	}
	client = ready(t, server)
	if token := server.Issue(facts()); active(t, client, token) {
		t.Error("active after its end was told")
	}
}

// TestRaceOfQuestionsAndRevocations lets many ask while a token ends. Whoever comes after the client has heard of it is denied.
func TestRaceOfQuestionsAndRevocations(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	for round := range 200 {
		token := server.Issue(facts())
		barrier, applied := make(chan struct{}), usher.Applied(client)
		var askers sync.WaitGroup
		for range 8 {
			askers.Go(func() {
				<-barrier
				if _, err := client.Introspect(context.Background(), token); err != nil && !errors.Is(err, usher.ErrInactive) {
					t.Error(err)
				}
			})
		}
		askers.Go(func() {
			<-barrier
			server.End(token)
		})
		close(barrier)
		eventually(t, "the entry", func() bool { return usher.Applied(client) > applied })
		if active(t, client, token) {
			t.Fatalf("round %d: active after its end was heard of", round)
		}
		askers.Wait()
		if active(t, client, token) {
			t.Fatalf("round %d: a late answer was remembered", round)
		}
	}
}

func TestConcurrentMissesAreOneQuestion(t *testing.T) {
	server := ushertest.New()
	release := make(chan struct{})
	server.Answered = func(*tokenv1.IntrospectTokenRequest) { <-release }
	client := ready(t, server)
	token := server.Issue(facts())
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := client.Introspect(leaving, token)
		left <- err
	}()
	eventually(t, "the question", func() bool { return len(server.Asked()) == 1 })
	answers := make(chan *usher.Token, 100)
	for range cap(answers) {
		go func() {
			got, err := client.Introspect(context.Background(), token)
			if err != nil {
				t.Error(err)
			}
			answers <- got
		}()
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(release)
	first := <-answers
	for range cap(answers) - 1 {
		if got := <-answers; got != first {
			t.Fatal("the answer is not shared")
		}
	}
	if n := len(server.Asked()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestWithoutTrustNobodyJoinsAQuestionThatIsOlderThanTheirs(t *testing.T) {
	server := ushertest.New()
	settled, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server.Answered = func(*tokenv1.IntrospectTokenRequest) {
		once.Do(func() { close(settled); <-release })
	}
	client := ready(t, server, usher.WithCacheSize(0))
	token := server.Issue(facts())
	before, after := make(chan error), make(chan error)
	ask := func(result chan error) {
		_, err := client.Introspect(context.Background(), token)
		result <- err
	}
	go ask(before)
	<-settled
	server.End(token)
	go ask(after)
	close(release)
	if err := <-before; err != nil && !errors.Is(err, usher.ErrInactive) { // either is right: the end came while they asked
		t.Errorf("who asked before the end got %v", err)
	}
	if err := <-after; !errors.Is(err, usher.ErrInactive) {
		t.Errorf("who asked after the end got %v", err)
	}
}
