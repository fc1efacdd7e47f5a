package logout_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/logout"
)

// errLost is an outage of the store.
var errLost = errors.New("the result cannot be stored")

// world is everything that the package needs, in memory.
type world struct {
	mu sync.Mutex
	// signedIn are the sessions at clients, and clients those that get logout tokens.
	signedIn []logout.Session
	clients  []string
	ended    []logout.BrowserSession
	acked    int
	queue    []logout.Delivery
	due      []time.Time
	finished []logout.Result
	// abandoned are the reasons of deliveries that were finished without an attempt.
	abandoned []string
	counted   []logout.Outcome
	sent      []string
	answer    func(n int) (logout.Result, error)
	// down says that LogoutClients fails, and lost that no result can be stored.
	down, lost func() bool
}

func (w *world) Events(context.Context, int) ([]logout.Event, int64, bool, error) {
	return nil, 0, false, nil
}

func (w *world) SessionsOf(_ context.Context, e logout.Event) (found []logout.Session, err error) {
	for _, s := range w.signedIn {
		if e.Browser == (secret.Hash{}) || s.ID == oauth.SessionID(e.Browser, s.ClientID) {
			found = append(found, s)
		}
	}
	return found, nil
}

func (w *world) Add(_ context.Context, list []logout.Delivery, _ int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range list {
		if slices.ContainsFunc(w.queue, func(q logout.Delivery) bool { return q.Session == d.Session }) {
			continue
		}
		d.ID, d.CreatedAt = int64(len(w.queue)), time.Now()
		w.queue, w.due = append(w.queue, d), append(w.due, time.Now())
	}
	return nil
}

func (w *world) EndedSessions(context.Context, int) ([]logout.BrowserSession, error) {
	return w.ended, nil
}

func (w *world) AcknowledgeEnded(_ context.Context, list []logout.BrowserSession) error {
	w.acked += len(list)
	w.ended = nil
	return nil
}

func (w *world) LogoutClients(_ context.Context, ids []string) (map[string]string, error) {
	if w.down != nil && w.down() {
		return nil, errors.New("authz is down")
	}
	found := map[string]string{}
	for _, id := range ids {
		if slices.Contains(w.clients, id) {
			found[id] = ""
		}
	}
	return found, nil
}

func (w *world) Claim(_ context.Context, limit int) ([]logout.Delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []logout.Delivery
	for i := range w.queue {
		if !w.due[i].IsZero() && !w.due[i].After(time.Now()) && len(list) < limit {
			claimed := w.queue[i]
			claimed.Attempts++
			claimed.Age = time.Since(claimed.CreatedAt)
			w.due[i] = time.Now().Add(logout.Lease)
			list = append(list, claimed)
		}
	}
	return list, nil
}

func (w *world) Finish(_ context.Context, id int64, r logout.Result) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost != nil && w.lost() {
		return false, errLost
	}
	w.queue[id].Attempts++
	w.due[id] = time.Time{}
	w.finished = append(w.finished, r)
	return true, nil
}

func (w *world) Abandon(_ context.Context, id int64, reason string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost != nil && w.lost() {
		return false, errLost
	}
	w.due[id] = time.Time{}
	w.abandoned = append(w.abandoned, reason)
	return true, nil
}

func (w *world) count(outcome logout.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counted = append(w.counted, outcome)
}

func (w *world) Postpone(_ context.Context, id int64, _ logout.Result, after time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost != nil && w.lost() {
		return errLost
	}
	w.queue[id].Attempts++
	w.due[id] = time.Now().Add(after)
	return nil
}

func (w *world) LogoutToken(_ string, s logout.Session) (secret.String, error) {
	return secret.New("token of " + s.ID), nil
}

func (w *world) SendLogoutToken(_ context.Context, _ string, token secret.String) (logout.Result, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, token.Reveal())
	return w.answer(len(w.sent))
}

// deliver delivers one logout token for two days.
func (w *world) deliver(t *testing.T) {
	t.Helper()
	if err := w.Add(t.Context(), []logout.Delivery{{Session: logout.Session{ClientID: "one", ID: "sid"}}}, 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 48*time.Hour)
	defer cancel()
	logout.Deliverer{Queue: w, Clients: w, Tokens: w, Sender: w, Logger: slog.New(slog.DiscardHandler), Count: w.count}.Run(ctx)
}

// TestN11_5_APlanIsForTheSessionOfTheBrowser, and for clients with an address. The second time that a session is
// returned finds what was signed in since, and nothing twice.
func TestN11_5_APlanIsForTheSessionOfTheBrowser(t *testing.T) {
	browser := secret.Sum("browser")
	session := func(client string, of secret.Hash, at int64) logout.Session {
		return logout.Session{ClientID: client, UserID: "usr_john", Subject: "usr_john", ID: oauth.SessionID(of, client), SignedInAt: time.UnixMicro(at)}
	}
	w := &world{clients: []string{"one"}, signedIn: []logout.Session{
		session("one", browser, 1), session("two", browser, 1), session("one", secret.Sum("another"), 1),
	}}
	p := logout.Planner{Outbox: w, Sessions: w, Clients: w}
	for round, want := range []int{1, 1, 2} {
		if round == 2 {
			w.signedIn = append(w.signedIn, session("one", browser, 2)) // with a code from before
		}
		w.ended = []logout.BrowserSession{{Hash: browser, UserID: "usr_john", Again: round > 0}}
		if err := p.Plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(w.queue) != want || w.acked != round+1 {
			t.Errorf("round %d: %d deliveries, %d acknowledged", round, len(w.queue), w.acked)
		}
	}
}

// TestN11_5_TheAttemptsAreBounded: without a response a logout token is sent again for a day at most; a response
// ends it, also one that is an error.
func TestN11_5_TheAttemptsAreBounded(t *testing.T) {
	silent := func(int) (logout.Result, error) { return logout.Result{Problem: "no response", Retry: true}, nil }
	for name, c := range map[string]struct {
		answer   func(n int) (logout.Result, error)
		attempts int
		outcome  logout.Outcome
	}{
		"a success": {func(int) (logout.Result, error) { return logout.Result{Status: 200}, nil }, 1, logout.Delivered},
		"a refusal": {func(int) (logout.Result, error) { return logout.Result{Status: 400, Problem: "400"}, nil }, 1, logout.Refused},
		"an outage": {silent, 8, logout.Undelivered},
		"a recovery": {func(n int) (logout.Result, error) {
			if n < 3 {
				return silent(n)
			}
			return logout.Result{Status: 204}, nil
		}, 3, logout.Delivered},
		"authz down": {func(n int) (logout.Result, error) {
			if n < 2 {
				return logout.Result{}, errors.New("down")
			}
			return logout.Result{Status: 200}, nil
		}, 2, logout.Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{clients: []string{"one"}, answer: c.answer}
				w.deliver(t)
				if len(w.sent) != c.attempts || len(w.finished) != 1 || !slices.Equal(w.counted, []logout.Outcome{c.outcome}) {
					t.Errorf("%d attempts, %+v, counted as %v", len(w.sent), w.finished, w.counted)
				}
			})
		})
	}
}

// TestN11_5_NothingIsSentWhileTheClientsCannotBeRead, and all attempts are left afterwards. (That a claim
// counts none is the store's, which TestN11_StoreLogout tests.)
func TestN11_5_NothingIsSentWhileTheClientsCannotBeRead(t *testing.T) {
	const outage = 20 * logout.Lease
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := &world{clients: []string{"one"}, down: func() bool { return time.Since(start) < outage }}
		w.answer = func(int) (logout.Result, error) {
			if time.Since(start) < outage {
				t.Errorf("an attempt after %s", time.Since(start))
			}
			return logout.Result{Problem: "no response", Retry: true}, nil
		}
		w.deliver(t)
		if len(w.sent) != 8 || len(w.finished) != 1 {
			t.Errorf("%d attempts, %+v", len(w.sent), w.finished)
		}
	})
}

// TestN11_5_NothingIsSentAfterADay: also where no result could be stored, so that no attempt was counted. It
// is finished once that is possible.
func TestN11_5_NothingIsSentAfterADay(t *testing.T) {
	const day = 24 * time.Hour
	for name, lost := range map[string]time.Duration{"for 40 hours": 40 * time.Hour, "for ever": 1000 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := &world{clients: []string{"one"}, lost: func() bool { return time.Since(start) < lost }}
				w.answer = func(int) (logout.Result, error) {
					if time.Since(start) > day+logout.Lease {
						t.Errorf("an attempt after %s", time.Since(start))
					}
					return logout.Result{Problem: "no response", Retry: true}, nil
				}
				w.deliver(t)
				if most := int(day / logout.Lease); len(w.sent) == 0 || len(w.sent) > most+1 {
					t.Errorf("%d attempts, of %d that the leases allow in a day", len(w.sent), most)
				}
				if want := lost < 48*time.Hour; len(w.finished) > 0 || (len(w.abandoned) == 1) != want || want && !slices.Equal(w.counted, []logout.Outcome{logout.Undelivered}) {
					t.Errorf("finished: %+v, abandoned: %q, counted as %v", w.finished, w.abandoned, w.counted)
				}
			})
		})
	}
}

// TestN11_5_AnOldDeliveryIsAbandonedWhileTheClientsCannotBeRead: it is not claimed for ever, and it is no attempt.
func TestN11_5_AnOldDeliveryIsAbandonedWhileTheClientsCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{clients: []string{"one"}, down: func() bool { return true }}
		w.deliver(t)
		if len(w.sent) > 0 || len(w.finished) > 0 || w.queue[0].Attempts != 0 || !slices.Equal(w.abandoned, []string{"it could not be sent within a day"}) {
			t.Errorf("%d attempts, %+v, abandoned: %q", w.queue[0].Attempts, w.finished, w.abandoned)
		}
	})
}

// TestN11_5_AClientWithoutAnAddressGetsNoAttempt, and keeps the result of the last one.
func TestN11_5_AClientWithoutAnAddressGetsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{clients: []string{"one"}}
		w.answer = func(int) (logout.Result, error) {
			w.clients = nil
			return logout.Result{Problem: "no response", Retry: true}, nil
		}
		w.deliver(t)
		if len(w.sent) != 1 || len(w.finished) > 0 || w.queue[0].Attempts != 1 || len(w.abandoned) != 1 {
			t.Errorf("%d attempts, %+v, abandoned: %q", w.queue[0].Attempts, w.finished, w.abandoned)
		}
	})
}

// TestN11_5_AStopOfTheProcessIsNoAttempt: the client did not fail, and the delivery is due again.
func TestN11_5_AStopOfTheProcessIsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		w := &world{clients: []string{"one"}, answer: func(int) (logout.Result, error) {
			stop()
			return logout.Result{}, context.Canceled
		}}
		if err := w.Add(ctx, []logout.Delivery{{Session: logout.Session{ClientID: "one", ID: "sid"}}}, 0); err != nil {
			t.Fatal(err)
		}
		before := w.queue[0].Attempts
		logout.Deliverer{Queue: w, Clients: w, Tokens: w, Sender: w, Logger: slog.New(slog.DiscardHandler), Count: w.count}.Run(ctx)
		if len(w.sent) != 1 || len(w.finished) != 0 {
			t.Errorf("%d attempts, %+v", len(w.sent), w.finished)
		}
		for _, one := range w.queue {
			if one.Attempts != before {
				t.Errorf("it counts as attempt %d", one.Attempts)
			}
		}
	})
}
