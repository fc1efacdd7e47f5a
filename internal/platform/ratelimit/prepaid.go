package ratelimit

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// chunks is into how many parts a Prepaid divides a budget.
	chunks = 30
	// maxChunk is the largest part.
	maxChunk = 50
	// maxKept is how many names a Prepaid has parts of; beyond it, the rest of some is lost.
	maxKept = 100_000
	// maxSpent is how many exhausted budgets a Prepaid keeps.
	maxSpent = 10_000
	// sweepEvery is the shortest time between two looks at all names, which every request waits for.
	sweepEvery = time.Second
)

// Prepaid spends budgets part by part: one command to the store takes a thirtieth of a budget, and the process spends that without
// asking again. A budget is never exceeded; with several processes up to a part a process stays unspent. It is for budgets that
// every request spends. Its methods may be called concurrently.
type Prepaid struct {
	limiter *Limiter

	// taking has one request of a name take a part, and the others wait for it.
	taking singleflight.Group

	mu   sync.Mutex
	kept map[string]*chunk
	// swept is when the parts whose window is over were removed last.
	swept time.Time
	// spent has the budgets that had nothing left, with the ends of their windows.
	spent map[string]time.Time
}

// chunk is what is left of a part of one budget in one window.
type chunk struct {
	left int
	ends time.Time
}

// NewPrepaid returns a Prepaid over a limiter.
func NewPrepaid(l *Limiter) *Prepaid {
	return &Prepaid{limiter: l, kept: map[string]*chunk{}, spent: map[string]time.Time{}}
}

// Spend takes one of a budget. It fails as Limiter.Spend does.
func (p *Prepaid) Spend(ctx context.Context, budget Budget, name Name) error {
	if name.Kind == "" || budget.Limit == 0 {
		return nil
	}
	key, left := p.limiter.window(name, budget.Window)
	for !p.take(key) {
		_, err, _ := p.taking.Do(key, func() (any, error) {
			if p.has(key) { // another request took a part since this one found none
				return nil, nil
			}
			size := chunkOf(budget.Limit)
			_, err := p.limiter.Spend(context.WithoutCancel(ctx), Budget{Limit: budget.Limit / size, Window: budget.Window}, name)
			now := p.limiter.Now()
			if err != nil {
				p.exhaust(key, err, now)
				return nil, err
			}
			p.keep(key, chunk{left: size, ends: now.Add(left)}, now)
			return nil, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Exhausted returns a *LimitedError for a budget of which this process knows that nothing is left, and nil for
// any other. It spends nothing, and does not ask the store.
func (p *Prepaid) Exhausted(ctx context.Context, budget Budget, name Name) error {
	if name.Kind == "" || budget.Limit == 0 {
		return nil
	}
	key, _ := p.limiter.window(name, budget.Window)
	p.mu.Lock()
	left := p.spent[key].Sub(p.limiter.Now())
	p.mu.Unlock()
	if left <= 0 {
		return nil
	}
	if p.limiter.Exhausted != nil {
		p.limiter.Exhausted(ctx, name, left)
	}
	return &LimitedError{RetryAfter: left}
}

// exhaust records the budget of an error that says that nothing is left.
func (p *Prepaid) exhaust(key string, err error, now time.Time) {
	var limited *LimitedError
	if !errors.As(err, &limited) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spent) >= maxSpent {
		clear(p.spent) // each is found out again
	}
	p.spent[key] = now.Add(limited.RetryAfter)
}

// chunkOf is the largest part, of at most a thirtieth, that a budget is a multiple of.
func chunkOf(limit int) int {
	for size := min(limit/chunks, maxChunk); size > 1; size-- {
		if limit%size == 0 {
			return size
		}
	}
	return 1
}

func (p *Prepaid) has(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept[key] != nil
}

func (p *Prepaid) take(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.kept[key]
	if c == nil {
		return false
	}
	if c.left--; c.left == 0 {
		delete(p.kept, key)
	}
	return true
}

// keep adds a part. Where there are too many names, those whose window is over go, and then any.
func (p *Prepaid) keep(key string, taken chunk, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) >= maxKept && now.Sub(p.swept) >= sweepEvery {
		p.swept = now
		maps.DeleteFunc(p.kept, func(_ string, c *chunk) bool { return !now.Before(c.ends) })
	}
	for other := range p.kept {
		if len(p.kept) < maxKept {
			break
		}
		delete(p.kept, other)
	}
	p.kept[key] = &taken
}

// Limited reports whether an error says that a budget is exhausted.
func Limited(err error) bool {
	var limited *LimitedError
	return errors.As(err, &limited)
}
