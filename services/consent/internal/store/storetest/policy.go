package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/store"
	"github.com/vidocu/usher/services/consent/internal/workspaceapp"
)

// Policies checks the policies of workspaces, and what members ask for.
func Policies(t *testing.T) {
	t.Run("a workspace has the policy that was set last", func(t *testing.T) { each(t, setRule) })
	t.Run("clients are approved and withdrawn", func(t *testing.T) { each(t, approve) })
	t.Run("each workspace has its own policy", func(t *testing.T) { each(t, ownPolicies) })
	t.Run("a member has one request for a client", func(t *testing.T) { each(t, ask) })
	t.Run("a decision is for all that wait, and made once", func(t *testing.T) { each(t, decide) })
	t.Run("requests are listed a page at a time", func(t *testing.T) { each(t, requestPages) })
	t.Run("requests and approvals are bounded", func(t *testing.T) { each(t, boundedRequests) })
	t.Run("old requests are deleted", func(t *testing.T) { eachLater(t, oldRequests) })
	t.Run("approvals of a client in a workspace end", func(t *testing.T) { each(t, endedApprovals) })
}

func admin() oauth.NamedUser { return oauth.NamedUser{UserID: "usr_john", Name: "John Doe"} }

func setRule(t *testing.T, s *store.Store) {
	none, err := s.Setting(t.Context(), "ws_acme")
	if err != nil || none.Rule != policy.Anyone || !none.At.IsZero() {
		t.Errorf("no policy is %+v, %v", none, err)
	}
	for _, rule := range []policy.Rule{policy.None, policy.Approved} {
		if err := s.SetRule(t.Context(), "ws_acme", rule, admin()); err != nil {
			t.Fatal(err)
		}
		got, err := s.Setting(t.Context(), "ws_acme")
		if err != nil || got.Rule != rule || got.By != admin() || time.Since(got.At).Abs() > time.Minute {
			t.Errorf("the policy is %+v, %v", got, err)
		}
	}
	if err := s.Approve(t.Context(), "ws_acme", "app", admin()); err != nil {
		t.Fatal(err)
	}
	all, err := s.Policies(t.Context(), []string{"ws_acme", "ws_doe"})
	want := map[string]policy.Policy{"ws_acme": {Rule: policy.Approved, Clients: map[string]bool{"app": true}}}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func approve(t *testing.T, s *store.Store) {
	for _, id := range []string{"app", "app", "other"} { // it may be repeated
		if err := s.Approve(t.Context(), "ws_acme", id, admin()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Withdraw(t.Context(), "ws_acme", "other", admin()); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.ApprovedClients(t.Context(), "ws_acme")
	if err != nil || len(list) != 1 || list[0].ClientID != "app" || list[0].By != admin() {
		t.Errorf("approved are %+v, %v", list, err)
	}
	among, err := s.ApprovedAmong(t.Context(), "ws_acme", []string{"app", "other"})
	if err != nil || !among["app"] || among["other"] {
		t.Errorf("among two: %v, %v", among, err)
	}
}

// ownPolicies checks that what one workspace approves, withdraws and refuses is not so in another one.
func ownPolicies(t *testing.T, s *store.Store) {
	third := request("third", "usr_a", "")
	for _, id := range []string{"ws_acme", "ws_doe"} {
		third.WorkspaceID = id
		if err := errors.Join(s.SetRule(t.Context(), id, policy.Approved, admin()), s.Approve(t.Context(), id, "app", admin()), s.Ask(t.Context(), third)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		s.Approve(t.Context(), "ws_doe", "other", admin()), s.Withdraw(t.Context(), "ws_acme", "app", admin()),
		s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: "third", By: admin()}),
	); err != nil {
		t.Fatal(err)
	}
	all, err := s.Policies(t.Context(), []string{"ws_acme", "ws_doe"})
	if diff := cmp.Diff(map[string]policy.Policy{
		"ws_acme": {Rule: policy.Approved, Clients: map[string]bool{}},
		"ws_doe":  {Rule: policy.Approved, Clients: map[string]bool{"app": true, "other": true}},
	}, all); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if among, err := s.ApprovedAmong(t.Context(), "ws_acme", []string{"app", "other"}); err != nil || len(among) != 0 {
		t.Errorf("approved in a workspace that approves none: %v, %v", among, err)
	}
	states := map[string]policy.State{}
	own, err := s.RequestsOf(t.Context(), "usr_a", "third")
	for _, r := range own {
		states[r.WorkspaceID] = r.State
	}
	if diff := cmp.Diff(map[string]policy.State{"ws_acme": policy.Declined, "ws_doe": policy.Waiting}, states); diff != "" || err != nil {
		t.Errorf("requests: %v (-want +got)\n%s", err, diff)
	}
	if others, err := s.RequestsOf(t.Context(), "usr_b", "third"); err != nil || len(others) != 0 {
		t.Errorf("requests of a user without one: %v, %v", others, err)
	}
}

func request(client, user, reason string) policy.Request {
	return policy.Request{WorkspaceID: "ws_acme", ClientID: client, User: oauth.NamedUser{UserID: user, Name: "A " + user}, Reason: reason}
}

func mustAsk(t *testing.T, s *store.Store, r policy.Request) {
	t.Helper()
	if err := s.Ask(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// wantRequests compares the requests of Acme, each as its client, user, reason, state and reply.
func wantRequests(t *testing.T, s *store.Store, waitingOnly bool, want ...string) {
	t.Helper()
	list, err := s.Requests(t.Context(), policy.Query{WorkspaceID: "ws_acme", WaitingOnly: waitingOnly, Limit: 100})
	got := []string{}
	for _, r := range list {
		got = append(got, fmt.Sprintf("%s %s %q %d %q", r.ClientID, r.User.UserID, r.Reason, r.State, r.Answer))
	}
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" || err != nil {
		t.Errorf("requests: %v (-want +got)\n%s", err, diff)
	}
}

func ask(t *testing.T, s *store.Store) {
	mustAsk(t, s, request("app", "usr_a", "first"))
	mustAsk(t, s, request("app", "usr_a", "second\nthought"))
	mustAsk(t, s, request("app", "usr_b", ""))
	wantRequests(t, s, true, `app usr_b "" 1 ""`, `app usr_a "second\nthought" 1 ""`)
	own, err := s.RequestsOf(t.Context(), "usr_a", "app")
	if err != nil || len(own) != 1 || own[0].WorkspaceID != "ws_acme" || own[0].User.Name != "A usr_a" {
		t.Errorf("a user's requests are %+v, %v", own, err)
	}
	refused := policy.Decision{WorkspaceID: "ws_acme", ClientID: "app", Answer: "no", By: admin()}
	if err := s.Decide(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	wantRequests(t, s, true)
	mustAsk(t, s, request("app", "usr_a", "again"))
	wantRequests(t, s, false, `app usr_a "again" 1 ""`, `app usr_b "" 3 "no"`)
}

func decide(t *testing.T, s *store.Store) {
	mustAsk(t, s, request("app", "usr_a", "please"))
	mustAsk(t, s, request("app", "usr_b", ""))
	mustAsk(t, s, request("other", "usr_b", ""))
	var decided atomic.Int32
	racetest.Run(10, func(int) {
		err := s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: "app", Approve: true, Answer: "yes", By: admin()})
		switch {
		case err == nil:
			decided.Add(1)
		case !errors.Is(err, policy.ErrNoRequest):
			t.Errorf("deciding: %v", err)
		}
	})
	if decided.Load() != 1 {
		t.Errorf("%d decisions", decided.Load())
	}
	wantRequests(t, s, true, `other usr_b "" 1 ""`)
	list, err := s.ApprovedClients(t.Context(), "ws_acme")
	if err != nil || len(list) != 1 || list[0].ClientID != "app" {
		t.Errorf("approved are %+v, %v", list, err)
	}
	if err := s.Approve(t.Context(), "ws_acme", "other", admin()); err != nil { // without a look at the request
		t.Fatal(err)
	}
	if p, err := s.Setting(t.Context(), "ws_acme"); err != nil || p.Waiting != 0 {
		t.Errorf("%d requests wait, %v", p.Waiting, err)
	}
	if err := s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_doe", ClientID: "app"}); !errors.Is(err, policy.ErrNoRequest) {
		t.Errorf("another workspace: %v", err)
	}
}

func requestPages(t *testing.T, s *store.Store) {
	want := map[string]bool{}
	for _, client := range []string{"a", "b", "c"} {
		for _, user := range []string{"usr_a", "usr_b"} {
			mustAsk(t, s, request(client, user, ""))
			want[client+user] = true
		}
	}
	q := policy.Query{WorkspaceID: "ws_acme", Limit: 4}
	for range 2 {
		page, err := s.Requests(t.Context(), q)
		if err != nil || len(page) == 0 {
			t.Fatalf("%d requests, %v", len(page), err)
		}
		for _, r := range page {
			if !want[r.ClientID+r.User.UserID] {
				t.Errorf("%s of %s is listed twice", r.ClientID, r.User.UserID)
			}
			delete(want, r.ClientID+r.User.UserID)
		}
		q.After = page[len(page)-1]
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
}

func boundedRequests(t *testing.T, s *store.Store) {
	for i := range policy.MaxWaiting {
		mustAsk(t, s, request(fmt.Sprint("app", i), "usr_a", ""))
	}
	if err := s.Ask(t.Context(), request("one more", "usr_a", "")); !errors.Is(err, policy.ErrFull) {
		t.Errorf("one more request: %v", err)
	}
	mustAsk(t, s, request("app1", "usr_a", "the same again"))
	mustAsk(t, s, request("one more", "usr_b", ""))
	for i := range policy.MaxApproved {
		if err := s.Approve(t.Context(), "ws_acme", fmt.Sprint("app", i), admin()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Approve(t.Context(), "ws_acme", "one more", admin()); !errors.Is(err, policy.ErrFull) {
		t.Errorf("one more approval: %v", err)
	}
	if err := s.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: "one more", Approve: true}); !errors.Is(err, policy.ErrFull) {
		t.Errorf("one more approved request: %v", err)
	}
	wantRequests(t, s, true, `one more usr_b "" 1 ""`)
}

func oldRequests(t *testing.T, later func(time.Duration) *store.Store) {
	mustAsk(t, later(0), request("app", "usr_a", ""))
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{{364 * 24 * time.Hour, []string{`app usr_a "" 1 ""`}}, {366 * 24 * time.Hour, nil}} {
		s := later(step.after)
		if err := s.CleanUp(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		wantRequests(t, s, false, step.want...)
	}
}

func endedApprovals(t *testing.T, s *store.Store) {
	of := func(user, client, workspace string) decision.Consent {
		c := example()
		c.UserID, c.ClientID, c.WorkspaceID = user, client, workspace
		return c
	}
	for _, c := range []decision.Consent{
		of("usr_ann", "app", "ws_acme"), of("usr_john", "app", "ws_acme"), of("usr_ann", "app", "ws_acme"), of("usr_max", "app", "ws_acme"),
		of("usr_ann", "app", "ws_doe"), of("usr_ann", "app2", "ws_acme"),
	} {
		record(t, s, c)
	}
	now := tick(t, s)
	ending := workspaceapp.Approvals{WorkspaceID: "ws_acme", ClientID: "app", Before: now}
	approvers := func(limit int, want ...string) {
		t.Helper()
		if got, err := s.Approvers(t.Context(), ending, limit); err != nil || !slices.Equal(got, want) {
			t.Errorf("of %d approvals: %v, %v, want %v", limit, got, err, want)
		}
	}
	approvers(10, "usr_ann", "usr_john", "usr_max")
	approvers(3, "usr_ann", "usr_john")
	record(t, s, of("usr_ann", "app", "ws_acme")) // meanwhile
	if err := s.EndApprovals(t.Context(), ending, []string{"usr_ann", "usr_john"}); err != nil {
		t.Fatal(err)
	}
	approvers(10, "usr_max")
	approvals, err := s.Approvals(t.Context(), "usr_ann")
	if err != nil || len(approvals) != 3 {
		t.Errorf("of another workspace, another client and a later approval are left %+v, %v", approvals, err)
	}
	for _, a := range approvals {
		if a.ClientID == "app" && a.WorkspaceID == "ws_acme" && a.First.Before(now) {
			t.Errorf("%+v is left", a)
		}
	}
}

// tick waits until the database's clock has moved, which has milliseconds on SQLite.
func tick(t *testing.T, s *store.Store) time.Time {
	t.Helper()
	for first := (time.Time{}); ; {
		now, err := s.Now(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !first.IsZero() && now.After(first) {
			return now
		}
		if first.IsZero() {
			first = now
		}
	}
}
