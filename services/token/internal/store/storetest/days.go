package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Pace is how a month is simulated: the scale, and the intervals of cleanup and measurement.
type Pace struct {
	// Every is the time between two issues. All else follows from it: of twenty issues two are
	// authorizations and eighteen are refreshes, with one user token beside them; of a hundred one
	// is revoked.
	Every time.Duration
	// Close is the time at the end in which cleanup runs as often as in production; before, it runs
	// every two hours, and every four while the tables fill.
	Close time.Duration
}

const (
	// warm is how long it takes until as much expires as is issued.
	warm = 33 * 24 * time.Hour
	// watched is what is looked at after that.
	watched = 30 * 24 * time.Hour
	// coarse is the interval of cleanup before Close, and tick the interval of issuing then.
	coarse, tick = 2 * time.Hour, time.Hour
	// settling is how long it takes until everything that was issued by the tick has expired.
	settling = 2 * time.Hour
	// refreshes is how often a family is refreshed before it is left alone: about hourly, as an
	// access token expires.
	refreshes = 9
)

// census is, by table, which of its rows are within their time. A user token's is its record's.
func census() map[string]string {
	return map[string]string{ //nolint:gosec // SQL that names the tables of tokens holds none
		"access_tokens":        "expires_at > {{now}}",
		"spent_refresh_tokens": "expires_at > {{now}}",
		"families":             "refresh_expires_at > {{now}}",
		"user_tokens":          fmt.Sprintf("expires_at + %d > {{now}}", usertoken.KeptPastTime.Microseconds()),
		"revocations":          "revoked_at + 604800000000 > {{now}}",
	}
}

// Worst is, by table, the most rows for one that is within its time, and the most rows.
type Worst map[string]struct {
	Ratio float64
	Rows  int64
}

// month is a simulation.
type month struct {
	bench
	clock *sqldbtest.Clock
	pace  Pace
	// issued counts; due are the families to be refreshed, the next first.
	issued int
	rest   time.Duration
	due    []family
	worst  Worst
}

type family struct {
	refresh secret.Hash
	left    int
}

// Days simulates warm and then thirty days on PostgreSQL, whose clock is moved, and returns the
// worst of the thirty.
func Days(t testing.TB, pace Pace) Worst {
	t.Helper()
	db, clock := sqldbtest.PostgresClock(t, store.Migrations())
	m := &month{bench: open(t, db), clock: clock, pace: pace, worst: Worst{}}
	for range int(time.Hour/pace.Every) * refreshes / (refreshes + 1) {
		m.authorize(t)
	}
	long := []string{"spent_refresh_tokens", "families", "user_tokens", "revocations"}
	often := store.Rest(lifetimes(), store.Retention{})
	m.pass(t, warm, 2*coarse, nil)
	m.pass(t, watched-pace.Close-settling, coarse, long)
	m.pass(t, settling, often, nil)
	m.pass(t, pace.Close, often, []string{"access_tokens"})
	m.count(t, long...)
	return m.worst
}

// pass moves the clock, with cleanup at intervals. It counts the tables right before cleanup, when
// they are largest.
func (m *month) pass(t testing.TB, span, interval time.Duration, counted []string) {
	t.Helper()
	for ; span > 0; span -= interval {
		for left := interval; left > 0; left -= tick {
			step := min(left, tick)
			m.clock.Move(t, step)
			m.issue(t, step)
		}
		m.count(t, counted...)
		m.housekeep(t)
	}
}

func (m *month) housekeep(t testing.TB) {
	t.Helper()
	if err := cleanUp(t, m, store.Retention{}); err != nil {
		t.Fatalf("housekeeping: %v", err)
	}
}

// issue issues the tokens of a span of time. Refreshes of one span are concurrent, so that they are
// batched.
func (m *month) issue(t testing.TB, span time.Duration) {
	t.Helper()
	m.rest += span
	var due []family
	for ; m.rest >= m.pace.Every; m.rest -= m.pace.Every {
		m.issued++
		switch {
		case m.issued%(refreshes+1) == 0:
			m.authorize(t)
		case len(m.due) > 0:
			due, m.due = append(due, m.due[0]), m.due[1:]
		}
		if m.issued%20 == 0 {
			m.userToken(t)
		}
	}
	m.refresh(t, due)
}

func (m *month) authorize(t testing.TB) {
	t.Helper()
	i := m.mustRedeem(t, code("app", "ws_acme", 0))
	m.due = append(m.due, family{i.refresh, refreshes})
	if m.issued%100 == 0 {
		if _, err := m.RevokeAccess(t.Context(), i.access, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// refresh refreshes families concurrently, except those that have reached their number of
// refreshes.
func (m *month) refresh(t testing.TB, due []family) {
	t.Helper()
	next, errs := make([]issued, len(due)), make([]error, len(due))
	together(len(due), func(i int) {
		next[i], errs[i] = m.rotate(context.WithoutCancel(t.Context()), due[i].refresh, "app")
	})
	for i, f := range due {
		if errs[i] != nil {
			t.Fatalf("refreshing: %v", errs[i])
		}
		if f.left > 1 {
			m.due = append(m.due, family{next[i].refresh, f.left - 1})
		}
	}
}

func (m *month) userToken(t testing.TB) {
	t.Helper()
	since, err := m.RevocationLog.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = m.IssueUserToken(t.Context(), usertoken.Issue{
		Token: token(), Holder: usertoken.Holder{UserID: "usr_john", DisplayName: "John Doe"}, Lifetime: lifetimes().User, Since: since,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// count holds tables against the tenth that may be dead.
func (m *month) count(t testing.TB, tables ...string) {
	t.Helper()
	for _, table := range tables {
		var rows, within int64
		err := m.db.QueryRow(t.Context(), m.db.SQL(`SELECT count(*), count(*) FILTER (WHERE `+census()[table]+`) FROM `+table)).Scan(&rows, &within)
		if err != nil {
			t.Fatal(err)
		}
		ratio := float64(rows) / float64(max(within, 1))
		if ratio > 1.1 {
			t.Errorf("%s has %d rows for %d within their time, which is %.3f", table, rows, within, ratio)
		}
		w := m.worst[table]
		w.Ratio, w.Rows = max(w.Ratio, ratio), max(w.Rows, rows)
		m.worst[table] = w
	}
}
