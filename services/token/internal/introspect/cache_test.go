package introspect_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// platform is a store of tokens of every kind with its log, and an introspector with a cache.
type platform struct {
	introspect.Introspector
	mu     sync.Mutex
	tokens map[secret.Hash]introspect.Facts
	log    []feed.Entry
	reads  int
	plans  map[string]string
	used   []string
	// reading, if set, is called between a read of the store and its return.
	reading func()
}

// newPlatform runs a test in a bubble of fake time.
func newPlatform(t *testing.T, size int, test func(t *testing.T, p *platform)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{tokens: make(map[secret.Hash]introspect.Facts), plans: map[string]string{"ws_acme": "starter"}}
		follow := feed.New(feed.Options{Log: p, Logger: slog.New(slog.DiscardHandler), SingleReplica: true, Heartbeat: time.Second})
		cache := introspect.NewCache(size, follow)
		p.Introspector = introspect.Introspector{Store: p, Uses: p, Keys: p, UserTokens: p, KeyUses: p, Plans: p, Cache: cache}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go follow.Run(ctx)
		synctest.Wait()
		test(t, p)
		cancel()
		synctest.Wait()
	})
}

func (p *platform) find(kind enforce.Kind, hash secret.Hash) (introspect.Facts, error) {
	p.mu.Lock()
	p.reads++
	facts, ok := p.tokens[hash]
	reading := p.reading
	p.mu.Unlock()
	if reading != nil {
		reading()
	}
	if !ok || facts.Kind != kind {
		return introspect.Facts{}, introspect.ErrInactive
	}
	return facts, nil
}

func (p *platform) FindAccess(_ context.Context, hash secret.Hash) (introspect.Facts, error) {
	return p.find(enforce.AccessToken, hash)
}

func (p *platform) FindKey(_ context.Context, hash secret.Hash) (introspect.Facts, error) {
	return p.find(enforce.APIKey, hash)
}

func (p *platform) FindUserToken(_ context.Context, hash secret.Hash) (introspect.Facts, error) {
	return p.find(enforce.UserToken, hash)
}

func (*platform) FindRefresh(context.Context, secret.Hash) (introspect.Facts, error) {
	return introspect.Facts{}, introspect.ErrInactive
}

func (p *platform) FindManyAccess(_ context.Context, hashes []secret.Hash) (map[secret.Hash]introspect.Facts, error) {
	found := make(map[secret.Hash]introspect.Facts)
	for _, hash := range hashes {
		if facts, err := p.find(enforce.AccessToken, hash); err == nil {
			found[hash] = facts
		}
	}
	return found, nil
}

func (p *platform) Used(id []byte) { p.used = append(p.used, string(id)) }

func (p *platform) Plan(_ context.Context, workspaceID string) (string, error) {
	plan, ok := p.plans[workspaceID]
	if !ok {
		return "", errDown
	}
	return plan, nil
}

func (p *platform) Fresh(ctx context.Context, workspaceID string) (string, error) {
	return p.Plan(ctx, workspaceID)
}

func (p *platform) LogBounds(context.Context) (feed.Bounds, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return feed.Bounds{Head: int64(len(p.log)), Oldest: 1}, nil
}

func (p *platform) SkipCursors(context.Context, int64) (int64, error) { return 0, errDown }

func (p *platform) LogAfter(_ context.Context, cursor int64, limit int) ([]feed.Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log[cursor:min(int64(len(p.log)), cursor+int64(limit))], nil
}

// issue puts a token into the store.
func (p *platform) issue(token string, facts introspect.Facts) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[secret.Sum(token)] = facts
	return token
}

func (p *platform) access(n int) string {
	return p.issue(secret.Generate(secret.AccessToken).Reveal(), introspect.Facts{
		Kind: enforce.AccessToken, Family: fmt.Appendf(nil, "family-%d", n), UserID: fmt.Sprintf("usr_%d", n), ClientID: "app",
		WorkspaceID: "ws_acme", Scope: "videos:read", Left: time.Hour,
	})
}

func (p *platform) key() string {
	return p.issue(secret.Generate(secret.APIKey).Reveal(), introspect.Facts{
		Kind: enforce.APIKey, KeyID: "key_1", WorkspaceID: "ws_acme",
	})
}

func (p *platform) userToken(app string) string {
	return p.issue(secret.NewUserToken().Reveal(), introspect.Facts{Kind: enforce.UserToken, UserID: "usr_0", ClientID: app, Left: 24 * time.Hour})
}

// end revokes tokens in the store and appends to the log, in one step.
func (p *platform) end(e feed.Entry, tokens ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, token := range tokens {
		delete(p.tokens, secret.Sum(token))
	}
	e.Cursor = int64(len(p.log)) + 1
	p.log = append(p.log, e)
}

// active introspects a token and counts the reads of the store.
func (p *platform) active(t *testing.T, token string) (active bool, reads int) {
	t.Helper()
	before := p.reads
	_, err := p.Bearer(t.Context(), token, 0)
	if err != nil && !errors.Is(err, introspect.ErrInactive) {
		t.Fatal(err)
	}
	return err == nil, p.reads - before
}

// bearers returns the results of a batch.
func (p *platform) bearers(t *testing.T, tokens []string, minCursor int64) ([]introspect.Facts, error) {
	t.Helper()
	var results []introspect.Facts
	err := p.Bearers(t.Context(), tokens, minCursor, func(facts *introspect.Facts) { results = append(results, *facts) })
	return results, err
}

// isCached introspects a token until it is cached.
func (p *platform) isCached(t *testing.T, tokens ...string) {
	t.Helper()
	for range 2 {
		for _, token := range tokens {
			p.active(t, token)
		}
		synctest.Wait()
	}
	for _, token := range tokens {
		if active, reads := p.active(t, token); !active || reads != 0 {
			t.Fatalf("%s…: active %v after %d reads, want it cached", token[:9], active, reads)
		}
	}
}

func TestWhatIsRememberedEndsWithTheToken(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		facts := introspect.Facts{Kind: enforce.AccessToken, Family: []byte("family"), UserID: "usr_1", WorkspaceID: "ws_acme", Left: 30 * time.Second}
		token := p.issue(secret.Generate(secret.AccessToken).Reveal(), facts)
		p.isCached(t, token)
		time.Sleep(20 * time.Second)
		p.active(t, secret.Generate(secret.AccessToken).Reveal()) // wakes the follower
		synctest.Wait()
		got, err := p.Bearer(t.Context(), token, 0)
		facts.Plan, facts.Left = "starter", 10*time.Second
		if diff := cmp.Diff(facts, got); diff != "" || err != nil {
			t.Errorf("after 20 s: %v (-want +got):\n%s", err, diff)
		}
		p.end(feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Workspace, WorkspaceID: "ws_acme"}}, token) // it expires; the log does not say so
		for left := 10 * time.Second; left > 10*time.Millisecond; left -= 10 * time.Millisecond {
			if active, reads := p.active(t, token); !active || reads != 0 {
				t.Fatalf("%s before its end: active %v, %d readings", left, active, reads)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
		if active, _ := p.active(t, token); active {
			t.Error("active after its end")
		}
	})
}

func TestNothingIsRememberedForLongerThanAMinute(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		token := p.key()
		p.isCached(t, token)
		var longest, since time.Duration
		for range 200 {
			time.Sleep(time.Second)
			p.active(t, secret.Generate(secret.AccessToken).Reveal())
			synctest.Wait()
			since += time.Second
			if _, reads := p.active(t, token); reads > 0 {
				since = 0
			}
			longest = max(longest, since)
		}
		if longest > time.Minute || longest < 50*time.Second {
			t.Errorf("cached for %s at the longest, want a minute", longest)
		}
	})
}

// TestEachKindOfEntryForgetsWhatItEndsAndNotTheRest also checks that an evicted token is revoked
// after the next poll.
func TestEachKindOfEntryForgetsWhatItEndsAndNotTheRest(t *testing.T) {
	for name, row := range map[string]struct {
		entry func(p *platform, mine string) feed.Entry
		mine  func(p *platform) string
	}{
		"token": {entry: func(_ *platform, mine string) feed.Entry {
			hash := secret.Sum(mine)
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Token, TokenHash: hash.Bytes(), UserID: "usr_0"}}
		}},
		"key": {mine: (*platform).key, entry: func(_ *platform, mine string) feed.Entry {
			hash := secret.Sum(mine)
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Token, TokenHash: hash.Bytes()}}
		}},
		"family": {entry: func(*platform, string) feed.Entry {
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Family, FamilyID: []byte("family-0"), UserID: "usr_0"}}
		}},
		"family without its user": {entry: func(*platform, string) feed.Entry {
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Family, FamilyID: []byte("family-0")}}
		}},
		"pair": {entry: func(*platform, string) feed.Entry {
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.UserClient, UserID: "usr_0", ClientID: "app"}}
		}},
		"user": {entry: func(*platform, string) feed.Entry {
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.User, UserID: "usr_0"}}
		}},
		"member": {entry: func(*platform, string) feed.Entry {
			return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Member, UserID: "usr_0", WorkspaceID: "ws_acme"}}
		}},
		"member with a token for all workspaces": {
			mine: func(p *platform) string { return p.userToken("uapp_1") },
			entry: func(*platform, string) feed.Entry {
				return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Member, UserID: "usr_0", WorkspaceID: "ws_acme"}}
			},
		},
		"client": {
			mine: func(p *platform) string {
				return p.issue(secret.Generate(secret.AccessToken).Reveal(), introspect.Facts{
					Kind: enforce.AccessToken, Family: []byte("other"), UserID: "usr_0", ClientID: "other", WorkspaceID: "ws_acme", Left: time.Hour,
				})
			},
			entry: func(*platform, string) feed.Entry {
				return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.Client, ClientID: "other"}}
			},
		},
		"authentication app": {
			mine: func(p *platform) string { return p.userToken("uapp_1") },
			entry: func(*platform, string) feed.Entry {
				return feed.Entry{Revocation: revocation.Revocation{Kind: revocation.AuthenticationApp, ClientID: "uapp_1"}}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newPlatform(t, 100, func(t *testing.T, p *platform) {
				if row.mine == nil {
					row.mine = func(p *platform) string { return p.access(0) }
				}
				mine, others := row.mine(p), p.access(1)
				p.isCached(t, mine, others)
				p.end(row.entry(p, mine), mine)
				time.Sleep(20 * time.Millisecond)
				synctest.Wait()
				if active, _ := p.active(t, mine); active {
					t.Error("it is cached")
				}
				if active, reads := p.active(t, others); !active || reads != 0 {
					t.Errorf("another user's token: active %v, %d reads, want it cached", active, reads)
				}
			})
		})
	}
}

func TestAnEntryThatIsNotUnderstoodForgetsEverything(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		token := p.access(0)
		p.isCached(t, token)
		p.end(feed.Entry{Revocation: revocation.Revocation{Kind: 99}}, token)
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		if active, _ := p.active(t, token); active {
			t.Error("it is cached")
		}
	})
}

// TestAnAnswerThatWasReadBeforeItsEndIsNotRememberedAfter: the entry is applied between the read of
// the store and the caching of its result.
func TestAnAnswerThatWasReadBeforeItsEndIsNotRememberedAfter(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		token, other := p.access(0), p.access(1)
		p.isCached(t, other)
		read, acted := make(chan struct{}), make(chan struct{})
		p.reading = func() { close(read); <-acted }
		late := make(chan error, 1)
		go func() {
			_, err := p.Bearer(t.Context(), token, 0)
			late <- err
		}()
		<-read
		p.mu.Lock()
		p.reading = nil
		p.mu.Unlock()
		p.end(feed.Entry{Revocation: revocation.Revocation{Kind: revocation.User, UserID: "usr_0"}}, token)
		for range 3 {
			p.active(t, other) // keeps the follower at work
			time.Sleep(20 * time.Millisecond)
		}
		close(acted)
		if err := <-late; err != nil {
			t.Fatalf("the question that came before the end: %v", err)
		}
		if active, _ := p.active(t, token); active {
			t.Error("the dead token is cached")
		}
	})
}

// TestAQuestionThatNamesACursorIsNotAnsweredFromBefore: the store is read while the feed is behind.
func TestAQuestionThatNamesACursorIsNotAnsweredFromBefore(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		token := p.access(0)
		p.isCached(t, token)
		p.end(feed.Entry{Revocation: revocation.Revocation{Kind: revocation.User, UserID: "usr_0"}}, token)
		if _, err := p.Bearer(t.Context(), token, 1); !errors.Is(err, introspect.ErrInactive) {
			t.Errorf("Bearer: %v, want ErrInactive", err)
		}
		if got, err := p.bearers(t, []string{token}, 1); err != nil || got[0].Kind != 0 {
			t.Errorf("Bearers: %+v, %v, want an inactive token", got, err)
		}
	})
}

func TestAPlanIsAskedForEachTimeAndItsOutageIsNoAnswer(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		token := p.access(0)
		p.isCached(t, token)
		p.plans["ws_acme"] = "enterprise"
		if facts, err := p.Bearer(t.Context(), token, 0); err != nil || facts.Plan != "enterprise" {
			t.Errorf("%q, %v: want the new plan at once", facts.Plan, err)
		}
		delete(p.plans, "ws_acme")
		if _, err := p.Bearer(t.Context(), token, 0); !errors.Is(err, errDown) {
			t.Errorf("%v, want the outage", err)
		}
		if _, err := p.bearers(t, []string{token}, 0); !errors.Is(err, errDown) {
			t.Errorf("%v, want the outage", err)
		}
	})
}

func TestABatchAnswersInItsOrderAndReadsWhatIsMissedOnce(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		live, key, user := p.access(1), p.key(), p.userToken("uapp_1")
		unknown := secret.Generate(secret.AccessToken).Reveal()
		ask := []string{unknown, live, "", key, secret.Generate(secret.RefreshToken).Reveal(), user, live}
		for round := range 3 {
			p.reads = 0
			got, err := p.bearers(t, ask, 0)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []enforce.Kind
			for _, facts := range got {
				kinds = append(kinds, facts.Kind)
			}
			want := []enforce.Kind{0, enforce.AccessToken, 0, enforce.APIKey, 0, enforce.UserToken, enforce.AccessToken}
			if diff := cmp.Diff(want, kinds); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
			if round == 2 && p.reads != 1 {
				t.Errorf("%d reads although all but one are cached", p.reads)
			}
			synctest.Wait()
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	newPlatform(t, 50, func(t *testing.T, p *platform) {
		tokens := make([]string, 1000)
		for n := range tokens {
			tokens[n] = p.access(n)
		}
		for range 3 {
			for _, token := range tokens {
				p.active(t, token)
			}
			synctest.Wait()
		}
		p.reads = 0
		for _, token := range tokens {
			p.active(t, token)
		}
		if cached := len(tokens) - p.reads; cached > 60 {
			t.Errorf("%d of 1,000 are cached, want about 50", cached)
		}
	})
}

func TestAUseIsHeardOnceForAllThatIsRememberedOfIt(t *testing.T) {
	newPlatform(t, 100, func(t *testing.T, p *platform) {
		p.active(t, p.access(9)) // the follower takes up its pace
		synctest.Wait()
		token, key := p.access(0), p.key()
		for _, text := range []string{token, key} {
			facts := p.tokens[secret.Sum(text)]
			facts.LongUnused = true
			p.issue(text, facts)
			if _, err := p.ForClient(t.Context(), "stranger", false, text); !errors.Is(err, introspect.ErrInactive) {
				t.Errorf("a stranger: %v", err)
			}
			for range 5 {
				p.active(t, text)
			}
		}
		if diff := cmp.Diff([]string{"family-0", "key_1"}, p.used); diff != "" {
			t.Errorf("uses (-want +got):\n%s", diff)
		}
	})
}
