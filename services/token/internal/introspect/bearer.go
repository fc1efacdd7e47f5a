package introspect

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

// bearerKind returns a token's kind by its format; 0 for a string that is not a bearer token, such
// as a refresh token.
func bearerKind(token string) enforce.Kind {
	if kind := enforce.KindOf(token); kind != enforce.RefreshToken {
		return kind
	}
	return 0
}

// Bearer introspects a bearer token of any kind. The result reflects every revocation up to
// minCursor, and every revocation that had returned before the call. A string without the format of
// a token is ErrInactive without a look-up. A key that may not be used where it was is ErrAddress: see From.
func (i Introspector) Bearer(ctx context.Context, token string, minCursor int64) (Facts, error) {
	kind := bearerKind(token)
	if kind == 0 {
		return Facts{}, ErrInactive
	}
	q := i.newLookup(minCursor)
	found, err := q.findOne(ctx, kind, secret.Sum(token))
	if err == nil && !q.serves(&found.facts) {
		err = ErrInactive
	}
	if err == nil && !q.from.admits(0, &found.facts) {
		err = ErrAddress
	}
	if err != nil {
		return Facts{}, err
	}
	q.recordUse(&found)
	q.resolve(&found.facts)
	if err := q.plan(ctx, &found.facts); err != nil {
		return Facts{}, err
	}
	return found.facts, nil
}

// Bearers introspects many tokens as Bearer does, and calls yield for each in order, with Kind 0
// for a token that is not active. It reads the tokens that are not cached in one batch. When it
// returns an error, the caller discards what was yielded. yield must not keep the pointer.
func (i Introspector) Bearers(ctx context.Context, tokens []string, minCursor int64, yield func(*Facts)) error {
	q := i.newLookup(minCursor)
	hits := make([]*cached, len(tokens))
	var missed []miss
	for n, token := range tokens {
		// A cached token had its format validated before.
		hash := secret.Sum(token)
		if hits[n] = q.cache.find(hash); hits[n] != nil {
			continue
		}
		if kind := bearerKind(token); kind != 0 {
			missed = append(missed, miss{at: n, kind: kind, hash: hash})
		}
	}
	if err := q.findMany(ctx, missed); err != nil {
		return err
	}
	var facts Facts // one allocation for all
	for n := range tokens {
		facts = Facts{}
		switch {
		case hits[n] != nil && q.serves(&hits[n].facts) && q.from.admits(n, &hits[n].facts):
			q.cache.copy(hits[n], &facts)
		case len(missed) > 0 && missed[0].at == n:
			facts, missed = missed[0].facts, missed[1:]
		}
		q.resolve(&facts)
		if err := q.plan(ctx, &facts); errors.Is(err, ErrInactive) {
			facts = Facts{}
		} else if err != nil {
			return err
		}
		yield(&facts)
	}
	return nil
}

// plan sets Facts.Plan. The plan may change while the token lives, so it is never cached with the
// token. An API key or a service token whose workspace is gone is ErrInactive.
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

// lookup is one call of the Introspector. Freshness is measured from its start.
type lookup struct {
	Introspector
	cache view
	// stale says that the revocation log may have entries that the caches do not reflect.
	stale bool
	// workspace is the last one whose plan was read, and workspacePlan its plan: one lookup reads
	// it once.
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

// result is a token that was found and not returned to the caller yet.
type result struct {
	hash  secret.Hash
	facts Facts
	// stored says that it was read from the store and not from the cache.
	stored bool
}

// findOne looks up one token in the cache, then in the store.
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

// recordUse records the use of a token that is returned to a caller who may see it, and caches the
// token as one whose use is recorded.
func (q *lookup) recordUse(f *result) {
	if !f.stored {
		return
	}
	q.used(&f.facts)
	q.cache.put(f.hash, f.facts)
}

// find reads the token from the store of its kind.
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
	facts.Kind = facts.KindOf(kind)
	return facts, nil
}

// miss is a token of a batch that is not cached, and its facts from the store.
type miss struct {
	at    int
	kind  enforce.Kind
	hash  secret.Hash
	facts Facts
}

// maxConcurrent is the number of concurrent look-ups in a batch for the kinds that have no batch
// statement.
const maxConcurrent = 16

// findMany looks up the misses: access tokens in one statement, the others concurrently.
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
			if err == nil && q.serves(&found.facts) && q.from.admits(m.at, &found.facts) {
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
	for n := range missed { // by index: other goroutines write the facts of the other kinds concurrently
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
		if m.kind != enforce.AccessToken || !live || !q.serves(&facts) {
			continue
		}
		facts.Kind = facts.KindOf(enforce.AccessToken)
		q.recordUse(&result{hash: m.hash, facts: facts, stored: true})
		m.facts = facts
	}
	return nil
}
