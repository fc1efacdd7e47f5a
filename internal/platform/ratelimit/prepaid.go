package ratelimit

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// chunks is into how many parts a Prepaid divides a budget.
	chunks = 30
	// maxChunk is the largest part.
	maxChunk = 50
	// maxKept is how many names a Prepaid has parts of; beyond it, names are counted without their rest.
	maxKept = 100_000
)

// Prepaid spends budgets part by part: one command to the store takes a thirtieth of a budget, and the process spends that without
// asking again. A budget is never exceeded; with several processes up to a part a process stays unspent. It is for budgets that
// every request spends. Its methods may be called concurrently.
type Prepaid struct {
	limiter *Limiter

	mu   sync.Mutex
	kept map[string]*chunk
}

// chunk is what is left of a part of one budget in one window.
type chunk struct {
	left int
	ends time.Time
}

// NewPrepaid returns a Prepaid over a limiter.
func NewPrepaid(l *Limiter) *Prepaid { return &Prepaid{limiter: l, kept: map[string]*chunk{}} }

// Spend takes one of a budget. It fails as Limiter.Spend does.
func (p *Prepaid) Spend(ctx context.Context, budget Budget, name Name) error {
	if name.Kind == "" || budget.Limit == 0 {
		return nil
	}
	now := p.limiter.Now()
	key, left := p.limiter.window(name, budget.Window)
	if p.take(key) {
		return nil
	}
	size := min(max(budget.Limit/chunks, 1), maxChunk)
	if _, err := p.limiter.Spend(ctx, Budget{Limit: budget.Limit / size, Window: budget.Window}, name); err != nil {
		return err
	}
	p.keep(key, chunk{left: size - 1, ends: now.Add(left)}, now)
	return nil
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

// keep adds a part: concurrent requests of one name may have taken several.
func (p *Prepaid) keep(key string, taken chunk, now time.Time) {
	if taken.left == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.kept[key]; c != nil {
		c.left += taken.left
		return
	}
	if len(p.kept) >= maxKept {
		for k, c := range p.kept {
			if !now.Before(c.ends) {
				delete(p.kept, k)
			}
		}
	}
	if len(p.kept) < maxKept {
		p.kept[key] = &taken
	}
}

// Limited reports whether an error says that a budget is exhausted.
func Limited(err error) bool {
	var limited *LimitedError
	return errors.As(err, &limited)
}
