package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// PolicyRaces checks the limits of concurrent changes of policies, and the events of changes.
func PolicyRaces(t *testing.T) {
	t.Run("of concurrent approvals the limit admits one", func(t *testing.T) { eachDB(t, approvalRace) })
	t.Run("a decision and an approval of one client do not wait for each other", func(t *testing.T) { eachDB(t, decisionRace) })
	t.Run("of concurrent requests of a user the limit admits one", func(t *testing.T) { eachDB(t, requestRace) })
	t.Run("of concurrent rules each has the one before it", func(t *testing.T) { eachDB(t, ruleRace) })
	t.Run("an event is written with a change, and without one none", func(t *testing.T) { eachDB(t, policyEvents) })
}

func eachDB(t *testing.T, test func(t *testing.T, db *sqldb.DB, s *store.Store)) {
	t.Helper()
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) { test(t, db, store.New(db)) })
}

// wantOne runs concurrent calls, of which one succeeds and the others return policy.ErrFull.
func wantOne(t *testing.T, call func(i int) error) {
	t.Helper()
	var succeeded atomic.Int32
	racetest.Run(8, func(i int) {
		switch err := call(i); {
		case err == nil:
			succeeded.Add(1)
		case !errors.Is(err, policy.ErrFull):
			t.Errorf("racing: %v", err)
		}
	})
	if n := succeeded.Load(); n != 1 {
		t.Errorf("%d succeeded, want 1", n)
	}
}

func approvalRace(t *testing.T, db *sqldb.DB, s *store.Store) {
	_, err := db.Exec(t.Context(), `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO approved_apps (workspace_id, client_id, approver_id, approver_name, approved_at) SELECT 'ws_acme', 'old' || i, '', '', 1 FROM n`,
		policy.MaxApproved-1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		mustAsk(t, s, request(fmt.Sprint("app", i), "usr_a", ""))
	}
	wantOne(t, func(i int) error {
		if i < 4 {
			return s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: fmt.Sprint("app", i), Approve: true, By: admin()})
		}
		return s.Approve(t.Context(), "ws_acme", fmt.Sprint("app", i), admin())
	})
}

// decisionRace approves a client with and without a look at its requests.
func decisionRace(t *testing.T, _ *sqldb.DB, s *store.Store) {
	for round := range 5 {
		client := fmt.Sprint("app", round)
		for i := range 4 {
			mustAsk(t, s, request(client, fmt.Sprint("usr_", i), ""))
		}
		racetest.Run(8, func(i int) {
			var err error
			if i%2 == 0 {
				err = s.Approve(t.Context(), "ws_acme", client, admin())
			} else {
				err = s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: client, Approve: true, By: admin()})
			}
			if err != nil && !errors.Is(err, policy.ErrNoRequest) {
				t.Errorf("racing: %v", err)
			}
		})
	}
	wantRequests(t, s, true)
}

func requestRace(t *testing.T, _ *sqldb.DB, s *store.Store) {
	for i := range policy.MaxWaiting - 1 {
		mustAsk(t, s, request(fmt.Sprint("app", i), "usr_a", ""))
	}
	wantOne(t, func(i int) error { return s.Ask(t.Context(), request(fmt.Sprint("next", i), "usr_a", "")) })
}

// wantEvents compares the events of a workspace, each as its kind, actor, client and changes.
func wantEvents(t *testing.T, db *sqldb.DB, want ...string) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT kind, actor_id, client_id, changes FROM events WHERE workspace_id = 'ws_acme' ORDER BY cursor`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var kind, by, client, changes string
		if err := rows.Scan(&kind, &by, &client, &changes); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{kind, by, client, changes}, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" || rows.Err() != nil {
		t.Errorf("events: %v (-want +got)\n%s", rows.Err(), diff)
	}
}

// ruleRace sets two rules concurrently: the event of the second has the first one before it.
func ruleRace(t *testing.T, db *sqldb.DB, s *store.Store) {
	rules := []policy.Rule{policy.None, policy.Approved}
	racetest.Run(len(rules), func(i int) {
		if err := s.SetRule(t.Context(), "ws_acme", rules[i], oauth.NamedUser{UserID: fmt.Sprint("usr_", i)}); err != nil {
			t.Errorf("setting a rule: %v", err)
		}
	})
	last, err := s.Setting(t.Context(), "ws_acme")
	if err != nil {
		t.Fatal(err)
	}
	event := func(by, before, after string) string {
		return fmt.Sprintf(`workspace.app_policy_set usr_%s  [{"field":"app_policy","before":%q,"after":%q}]`, by, before, after)
	}
	if last.Rule == policy.None {
		wantEvents(t, db, event("1", "anyone", "approved"), event("0", "approved", "nobody"))
	} else {
		wantEvents(t, db, event("0", "anyone", "nobody"), event("1", "nobody", "approved"))
	}
}

func policyEvents(t *testing.T, db *sqldb.DB, s *store.Store) {
	for range 2 { // the second one changes nothing
		mustAsk(t, s, request("app", "usr_a", "please"))
	}
	for range 2 {
		for name, change := range map[string]func() error{
			"approving":          func() error { return s.Approve(t.Context(), "ws_acme", "app", admin()) },
			"withdrawing":        func() error { return s.Withdraw(t.Context(), "ws_acme", "other", admin()) },
			"setting the policy": func() error { return s.SetRule(t.Context(), "ws_doe", policy.None, admin()) },
			"setting the usual":  func() error { return s.SetRule(t.Context(), "ws_new", policy.Anyone, admin()) },
		} {
			if err := change(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	err := s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: "app", Approve: true, By: admin()})
	if !errors.Is(err, policy.ErrNoRequest) {
		t.Errorf("deciding nothing: %v", err)
	}
	wantEvents(t, db, `workspace.app_requested usr_a app [{"field":"approval","after":"requested"}]`,
		`workspace.app_approved usr_john app [{"field":"approval","after":"approved"}]`)
	var set int
	if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM events WHERE workspace_id IN ('ws_doe', 'ws_new')`).Scan(&set); err != nil || set != 1 {
		t.Errorf("%d events of a policy that was set once, %v", set, err)
	}
}
