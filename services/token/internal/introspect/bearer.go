package introspect

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

// bearerKind returns a token's kind by its form; 0 for a string that is no bearer's token, such as
// a refresh token.
func bearerKind(token string) enforce.Kind {
	if kind := enforce.KindOf(token); kind != enforce.RefreshToken {
		return kind
	}
	return 0
}

// Bearer judges a bearer's token of any kind. The answer takes every revocation up to minCursor
// into account, and every one that had returned. A string that is no token by its form is
// ErrInactive without a look-up.
func (i Introspector) Bearer(ctx context.Context, token string, minCursor int64) (Facts, error) {
	kind := bearerKind(token)
	if kind == 0 {
		return Facts{}, ErrInactive
	}
	q := i.newLookup(minCursor)
	found, err := q.findOne(ctx, kind, secret.Sum(token))
	if err != nil {
		return Facts{}, err
	}
	q.recordUse(&found)
	if err := q.plan(ctx, &found.facts); err != nil {
		return Facts{}, err
	}
	return found.facts, nil
}

// Bearers judges many tokens as Bearer does, and tells of each in their order; of one that is not
// active the kind is 0. What is not remembered is read together. Nothing of what was told counts
// when an error is returned, and no facts may be kept.
func (i Introspector) Bearers(ctx context.Context, tokens []string, minCursor int64, tell func(*Facts)) error {
	q := i.newLookup(minCursor)
	known := make([]*cached, len(tokens))
	var missed []miss
	for n, token := range tokens {
		// What is remembered was judged by its form before.
		hash := secret.Sum(token)
		if known[n] = q.cache.find(hash); known[n] != nil {
			continue
		}
		if kind := bearerKind(token); kind != 0 {
			missed = append(missed, miss{at: n, kind: kind, hash: hash})
		}
	}
	if err := q.findMany(ctx, missed); err != nil {
		return err
	}
	var facts Facts // one piece of memory for all
	for n := range tokens {
		facts = Facts{}
		switch {
		case known[n] != nil:
			q.cache.copy(known[n], &facts)
		case len(missed) > 0 && missed[0].at == n:
			facts, missed = missed[0].facts, missed[1:]
		}
		if err := q.plan(ctx, &facts); errors.Is(err, ErrInactive) {
			facts = Facts{}
		} else if err != nil {
			return err
		}
		tell(&facts)
	}
	return nil
}

// plan fills in the plan, which may change while the token lives and so is never cached with it. A
// key without its workspace is ErrInactive.
func (q *lookup) plan(ctx context.Context, facts *Facts) error {
	if q.Plans == nil || facts.WorkspaceID == "" || facts.Kind == enforce.UserToken {
		return nil
	}
	if facts.WorkspaceID != q.workspace {
		ask := q.Plans.Plan
		if q.stale {
			ask = q.Plans.Fresh
		}
		name, err := ask(ctx, facts.WorkspaceID)
		if err != nil {
			return err
		}
		q.workspace, q.workspacePlan = facts.WorkspaceID, name
	}
	if facts.Plan = q.workspacePlan; facts.Orphaned() {
		return ErrInactive
	}
	return nil
}

// question is one asking; its beginning is what freshness is measured from.
type lookup struct {
	Introspector
	cache view
	// doubted says that the log may know more than what is remembered here.
	stale bool
	// workspace is the last one whose plan was asked for, and planned what it is: one question asks
	// once.
	workspace, workspacePlan string
}

func (i Introspector) newLookup(minCursor int64) lookup {
	q := lookup{Introspector: i, cache: i.Cache.open(minCursor)}
	switch {
	case i.Cache != nil:
		q.stale = !q.cache.trusted
	case i.Freshness != nil:
		q.stale = !i.Freshness.Snapshot(minCursor).Trusted
	}
	return q
}

// finding is an answer that nobody was told yet.
type result struct {
	hash  secret.Hash
	facts Facts
	// stored says that it was read from the store and not remembered.
	stored bool
}

// one finds one token.
func (q *lookup) findOne(ctx context.Context, kind enforce.Kind, hash secret.Hash) (result, error) {
	f := result{hash: hash}
	if q.cache.get(hash, &f.facts) {
		return f, nil
	}
	var err error
	f.facts, err = q.find(ctx, kind, hash)
	f.stored = true
	return f, err
}

// told notes that somebody was told who may know. Only then is the use counted, and the answer
// remembered as one whose use was.
func (q *lookup) recordUse(f *result) {
	if !f.stored {
		return
	}
	q.used(&f.facts)
	q.cache.put(f.hash, f.facts)
}

// find asks the store that has tokens of the kind.
func (q *lookup) find(ctx context.Context, kind enforce.Kind, hash secret.Hash) (facts Facts, err error) {
	q.cache.countMisses(1)
	switch {
	case kind == enforce.AccessToken:
		facts, err = q.Store.FindAccess(ctx, hash)
	case kind == enforce.APIKey && q.Keys != nil:
		facts, err = q.Keys.FindKey(ctx, hash)
	case kind == enforce.UserToken && q.UserTokens != nil:
		facts, err = q.UserTokens.FindUserToken(ctx, hash)
	default:
		err = ErrInactive
	}
	if err != nil {
		return Facts{}, err
	}
	facts.Kind = kind
	return facts, nil
}

// miss is a token of a batch that nothing is remembered of, and what the store says of it.
type miss struct {
	at    int
	kind  enforce.Kind
	hash  secret.Hash
	facts Facts
}

// together is how many look-ups of a batch that have no statement for many are under way at once.
const maxConcurrent = 16

// many finds what was missed: access tokens in one statement, the others side by side.
func (q *lookup) findMany(ctx context.Context, missed []miss) error {
	if len(missed) == 0 {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxConcurrent)
	group.Go(func() error { return q.findManyAccess(ctx, missed) })
	for n := range missed {
		m := &missed[n]
		if m.kind == enforce.AccessToken {
			continue
		}
		group.Go(func() error {
			found, err := q.findOne(ctx, m.kind, m.hash)
			if errors.Is(err, ErrInactive) {
				return nil
			}
			if err == nil {
				q.recordUse(&found)
				m.facts = found.facts
			}
			return err
		})
	}
	return group.Wait()
}

func (q *lookup) findManyAccess(ctx context.Context, missed []miss) error {
	hashes := make([]secret.Hash, 0, len(missed))
	for n := range missed { // by place: of the others somebody writes the facts meanwhile
		if missed[n].kind == enforce.AccessToken {
			hashes = append(hashes, missed[n].hash)
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	q.cache.countMisses(len(hashes))
	found, err := q.Store.FindManyAccess(ctx, hashes)
	if err != nil {
		return err
	}
	for n := range missed {
		m := &missed[n]
		facts, live := found[m.hash]
		if m.kind != enforce.AccessToken || !live {
			continue
		}
		facts.Kind = enforce.AccessToken
		q.recordUse(&result{hash: m.hash, facts: facts, stored: true})
		m.facts = facts
	}
	return nil
}
