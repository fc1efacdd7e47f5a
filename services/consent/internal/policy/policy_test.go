package policy_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

// database has one workspace's policy and its version, as two databases do.
type database struct {
	policy.Store

	mu      sync.Mutex
	policy  policy.Policy
	version int64
	// changedAt is the version at the last change of the approved clients.
	changedAt int64
	reads     int
	asked     []policy.Request
	fail      error
	// during is called with a change.
	during func()
}

func (d *database) Policies(context.Context, []string) (map[string]policy.Policy, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	return map[string]policy.Policy{"ws_acme": d.policy}, d.fail
}

func (d *database) SetRule(ctx context.Context, _ string, rule policy.Rule, _ oauth.NamedUser) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.during != nil {
		d.during()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.policy = policy.Policy{Rule: rule}
	return d.fail
}

func (d *database) Approve(context.Context, string, string, oauth.NamedUser) error { return d.change() }

func (d *database) Withdraw(context.Context, string, string, oauth.NamedUser) error {
	return d.change()
}

func (d *database) Decide(context.Context, policy.Decision) error { return d.change() }

// change notes the version at which a change is made.
func (d *database) change() error {
	d.changedAt = d.version
	return d.fail
}

func (d *database) Ask(_ context.Context, r policy.Request) error {
	d.asked = append(d.asked, r)
	return nil
}

func (d *database) RaisePolicyVersion(ctx context.Context, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.version++
	return nil
}

func (d *database) versions() map[string]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return map[string]int64{"ws_acme": d.version}
}

func TestAPolicySaysWhoMayConnectAClient(t *testing.T) {
	approved := map[string]bool{"app": true}
	for _, row := range []struct {
		policy.Policy
		app, other policy.Access
	}{
		{policy.Policy{Rule: policy.Anyone}, policy.Open, policy.Open},
		{policy.Policy{Rule: policy.Approved, Clients: approved}, policy.Open, policy.NeedsApproval},
		{policy.Policy{Rule: policy.None, Clients: approved}, policy.Closed, policy.Closed},
		{policy.Policy{Rule: 9, Clients: approved}, policy.Closed, policy.Closed}, // of a later release
	} {
		if app, other := row.Access("app"), row.Access("other"); app != row.app || other != row.other {
			t.Errorf("rule %d: %d and %d, want %d and %d", row.Rule, app, other, row.app, row.other)
		}
	}
}

// TestADecisionObeysEveryChangeThatReturned: deciders that cache read the version first, as decisions do,
// while an administrator changes the policy.
func TestADecisionObeysEveryChangeThatReturned(t *testing.T) {
	d := &database{policy: policy.Policy{Rule: policy.Anyone}}
	administration := policy.Administration{Store: d, Versions: d}
	// current is the last change that returned, its number and its rule, while none is in flight; 0 meanwhile.
	var current atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var deciders sync.WaitGroup
	for range 4 {
		cache := policy.NewCache(d, time.Now) // each is a replica
		deciders.Go(func() {
			for ctx.Err() == nil {
				before := current.Load()
				access, err := cache.Access(t.Context(), "app", []string{"ws_acme"}, d.versions())
				open := access["ws_acme"] == policy.Open
				if after := current.Load(); err != nil || before != 0 && before == after && open != (policy.Rule(before%10) == policy.Anyone) {
					t.Errorf("access %d after change %d, %v", access["ws_acme"], before, err)
					return
				}
			}
		})
	}
	for i := range 500 {
		rule := policy.None
		if i%2 == 1 {
			rule = policy.Anyone
		}
		current.Store(0)
		if err := administration.SetRule(t.Context(), "ws_acme", rule, oauth.NamedUser{}); err != nil {
			t.Error(err)
		}
		current.Store(int64(i*10+10) + int64(rule))
		_, _ = policy.NewCache(d, time.Now).Access(t.Context(), "app", []string{"ws_acme"}, d.versions())
	}
	stop()
	deciders.Wait()
}

// TestEveryChangeOfTheApprovedClientsIsBetweenTwoRaises of the version: a decision on another replica has the
// policy cached.
func TestEveryChangeOfTheApprovedClientsIsBetweenTwoRaises(t *testing.T) {
	for name, change := range map[string]func(a policy.Administration) error{
		"approve": func(a policy.Administration) error {
			return a.Approve(t.Context(), "ws_acme", "app", oauth.NamedUser{})
		},
		"withdraw": func(a policy.Administration) error {
			return a.Withdraw(t.Context(), "ws_acme", "app", oauth.NamedUser{})
		},
		"decide": func(a policy.Administration) error {
			return a.Decide(t.Context(), policy.Decision{WorkspaceID: "ws_acme", ClientID: "app", Approve: true})
		},
	} {
		d := &database{}
		if err := change(policy.Administration{Store: d, Versions: d}); err != nil || d.changedAt != 1 || d.version != 2 {
			t.Errorf("%s: %v, made at version %d of %d; want 1 of 2", name, err, d.changedAt, d.version)
		}
	}
}

// TestAnAdministratorWhoGoesAwayInterruptsNoChange: the version is raised also after a change whose caller
// went away, or that may have been committed although it failed.
func TestAnAdministratorWhoGoesAwayInterruptsNoChange(t *testing.T) {
	down := errors.New("down")
	for name, row := range map[string]struct {
		fail   error
		raises int64
	}{
		"made":       {nil, 2},
		"lost":       {down, 2},
		"full":       {policy.ErrFull, 1},
		"no request": {policy.ErrNoRequest, 1},
	} {
		ctx, leave := context.WithCancel(t.Context())
		d := &database{policy: policy.Policy{Rule: policy.Anyone}, fail: row.fail, during: leave}
		err := policy.Administration{Store: d, Versions: d}.SetRule(ctx, "ws_acme", policy.None, oauth.NamedUser{})
		if !errors.Is(err, row.fail) || d.version != row.raises || d.policy.Rule != policy.None {
			t.Errorf("%s: %v, %d raises, rule %d", name, err, d.version, d.policy.Rule)
		}
	}
}

// TestASlowChangeOfAPolicyIsStillFollowedByARaise: it may have been committed when its time was over.
func TestASlowChangeOfAPolicyIsStillFollowedByARaise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{during: func() { time.Sleep(time.Hour) }}
		err := policy.Administration{Store: d, Versions: d}.SetRule(t.Context(), "ws_acme", policy.None, oauth.NamedUser{})
		if !errors.Is(err, context.DeadlineExceeded) || d.version != 2 {
			t.Errorf("%v, %d raises", err, d.version)
		}
	})
}

func TestAPolicyIsReadOnceAVersion(t *testing.T) {
	d := &database{policy: policy.Policy{Rule: policy.None}}
	now := time.Now()
	cache := policy.NewCache(d, func() time.Time { return now })
	want := func(versions map[string]int64, access policy.Access, reads int) {
		t.Helper()
		got, err := cache.Access(t.Context(), "app", []string{"ws_acme"}, versions)
		if err != nil || got["ws_acme"] != access || d.reads != reads {
			t.Errorf("access %d after %d reads, %v; want %d after %d", got["ws_acme"], d.reads, err, access, reads)
		}
	}
	want(map[string]int64{}, policy.Closed, 1) // the version was lost in a restore
	want(map[string]int64{}, policy.Closed, 1)
	want(map[string]int64{"ws_acme": 1}, policy.Closed, 2)
	want(map[string]int64{"ws_acme": 1}, policy.Closed, 2)
	want(map[string]int64{"ws_acme": 2}, policy.Closed, 3)
	now = now.Add(2 * time.Minute)
	want(map[string]int64{"ws_acme": 1}, policy.Closed, 4) // lost in a restore
	want(map[string]int64{"ws_acme": 1}, policy.Closed, 4)
	want(nil, policy.Closed, 5) // release 0.1 of the token service has no versions
	d.fail = errors.New("down")
	if _, err := cache.Access(t.Context(), "app", []string{"ws_acme"}, map[string]int64{"ws_acme": 3}); !errors.Is(err, d.fail) {
		t.Errorf("the policy cannot be read: %v", err)
	}
}

// TestAPolicyIsCachedForAMinuteAtMost: a change whose second raise of the version failed is found then.
func TestAPolicyIsCachedForAMinuteAtMost(t *testing.T) {
	d := &database{policy: policy.Policy{Rule: policy.Anyone}, version: 1}
	now := time.Now()
	cache := policy.NewCache(d, func() time.Time { return now })
	want := func(after time.Duration, access policy.Access) {
		t.Helper()
		now = now.Add(after)
		if got, err := cache.Access(t.Context(), "app", []string{"ws_acme"}, d.versions()); err != nil || got["ws_acme"] != access {
			t.Errorf("access %d, %v; want %d", got["ws_acme"], err, access)
		}
	}
	want(0, policy.Open)
	d.policy.Rule = policy.None
	want(time.Minute-time.Second, policy.Open)
	want(time.Second, policy.Closed)
}

// TestAPolicyWhoseVersionIsNotKnownIsReadAndNotCached: release 0.1 of the token service has no versions, and a
// member who asks for a client needs none.
func TestAPolicyWhoseVersionIsNotKnownIsReadAndNotCached(t *testing.T) {
	d := &database{policy: policy.Policy{Rule: policy.Anyone}}
	cache := policy.NewCache(d, time.Now)
	for i, row := range []struct {
		rule     policy.Rule
		versions map[string]int64
		access   policy.Access
	}{
		{policy.Anyone, nil, policy.Open},
		{policy.None, map[string]int64{}, policy.Closed},
		{policy.Anyone, nil, policy.Open},
	} {
		d.policy.Rule = row.rule
		if got, err := cache.Access(t.Context(), "app", []string{"ws_acme"}, row.versions); err != nil || got["ws_acme"] != row.access {
			t.Errorf("read %d: access %d, %v; want %d", i+1, got["ws_acme"], err, row.access)
		}
	}
}

func TestTextsOfPeopleAreBoundedAndPrintable(t *testing.T) {
	d := &database{}
	a := policy.Administration{Store: d, Versions: d}
	for reason, valid := range map[string]bool{
		"": true, "  for\r\ncaptions ": true, strings.Repeat("ä", 500): true, strings.Repeat("a", 501): false, "a\x00b": false, "a\u202eb": false, "a\xffb": false,
	} {
		err := a.Ask(t.Context(), policy.Request{Reason: reason}, policy.NeedsApproval)
		if (err == nil) != valid {
			t.Errorf("%.20q: %v", reason, err)
		}
	}
	for _, r := range d.asked {
		if r.Reason != strings.TrimSpace(r.Reason) || strings.Contains(r.Reason, "\r") {
			t.Errorf("stored %q", r.Reason)
		}
	}
	if err := a.Ask(t.Context(), policy.Request{}, policy.Open); err == nil {
		t.Error("a request where none is needed is stored")
	}
	if err := a.SetRule(t.Context(), "ws_acme", 7, oauth.NamedUser{}); err == nil {
		t.Error("an unknown rule is set")
	}
}
