package authz_test

import (
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// TestTheUsersOfAnAppAreCountedUpToABound: a page counted all users of a client, of which there may be
// millions.
func TestTheUsersOfAnAppAreCountedUpToABound(t *testing.T) {
	const most = 10_000
	b := newBench(t)
	id, _ := b.newApp(t)
	for _, step := range []struct {
		from, to int
		more     bool
	}{{1, most, false}, {most + 1, most + 2, true}} {
		_, err := b.db.Exec(t.Context(), `
WITH RECURSIVE numbers (n) AS (SELECT CAST($2 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < $3)
INSERT INTO client_people (client_id, user_id) SELECT $1, 'usr_' || n FROM numbers`, id, step.from, step.to)
		if err != nil {
			t.Fatal(err)
		}
		list, err := b.console(t).ListApps(t.Context(), &authzv1.ListAppsRequest{SessionToken: developer})
		if err != nil || len(list.GetApps()) != 1 {
			t.Fatal(list, err)
		}
		for what, app := range map[string]*authzv1.OwnedClient{"the page": b.app(t, id), "the list": list.GetApps()[0]} {
			if app.GetPeople() != most || app.GetMorePeople() != step.more {
				t.Errorf("of %d users %s has %d, more: %v", step.to, what, app.GetPeople(), app.GetMorePeople())
			}
		}
	}
}
