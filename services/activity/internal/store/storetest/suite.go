package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/store"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// each runs a test on both engines.
func each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) { test(t, store.New(db, keptShort())) })
}

// keptShort is a retention of days.
func keptShort() store.Retention {
	return store.Retention{Requests: 7 * 24 * time.Hour, Events: 31 * 24 * time.Hour}
}

// now returns the database's time, to the microsecond as it is stored.
func now(t *testing.T, s *store.Store) time.Time {
	t.Helper()
	at, err := s.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// entry is a refused request of a client.
func entry(clientID, uri string, at time.Time) requestlog.Entry {
	return requestlog.Entry{
		Kind: requestlog.Kind{
			Endpoint: "/oauth/authorize", Method: "GET", ClientID: clientID, Status: 400, Error: "invalid_request", Cause: "redirect_uri_unregistered",
			Field: "redirect_uri", Got: requestlog.Facts{RedirectURI: uri}, Expected: requestlog.Facts{RedirectURI: "https://app.example/cb"},
		},
		Count: 1, First: at, Last: at, RequestID: "req" + uri,
	}
}

func record(t *testing.T, s *store.Store, entries ...requestlog.Entry) {
	t.Helper()
	if err := (requestlog.Log{Store: s}).Record(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

func requests(t *testing.T, s *store.Store, f requestlog.Filter) []requestlog.Row {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 2 * requestlog.MaxRows
	}
	rows, err := s.Requests(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// event is an event of a source.
func event(source string, cursor int64, at time.Time) trail.Event {
	return trail.Event{
		Source: source, Cursor: cursor, Kind: "client.updated", ActorKind: 1, ActorID: "usr_actor", UserID: "usr_john", WorkspaceID: "ws_acme",
		ClientID: "app", Object: "object", Changes: []trail.Change{{Field: "scope", Before: "a", After: "b"}},
		Details: map[string]string{"browser": "Firefox"}, RequestID: "request", At: at, Count: 1,
	}
}

func events(t *testing.T, s *store.Store, f trail.Filter) []trail.Event {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 1000
	}
	list, err := s.Events(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
