package ratelimit

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// noticeEvery is the minimum interval of log lines about one kind of budget.
const noticeEvery = time.Minute

// Notices logs a WARN when budgets refuse: at the first refusal of each kind, and then at most once
// a minute with the number of refusals since. So a platform that is throttled as one source is
// visible at the default level, and a flood costs a line a minute.
type Notices struct {
	logger  *slog.Logger
	now     func() time.Time
	limiter string

	mu    sync.Mutex
	kinds map[string]*notice
}

type notice struct {
	last    time.Time
	refused int64
}

// NewNotices returns one that has logged nothing yet. The lines name the limiter by the prefix of its
// keys: several have budgets of sources and users.
func NewNotices(logger *slog.Logger, now func() time.Time, prefix string) *Notices {
	return &Notices{logger: logger, now: now, limiter: strings.TrimSuffix(prefix, ":"), kinds: map[string]*notice{}}
}

// Exhausted is a Limiter.Exhausted.
func (n *Notices) Exhausted(ctx context.Context, name Name, retryAfter time.Duration) {
	refused, due := n.count(name.Kind)
	if !due {
		return
	}
	attrs := []slog.Attr{
		slog.String("limiter", n.limiter), slog.String("budget", name.Kind), slog.Int64("refused", refused), slog.Duration("retry_after", retryAfter),
	}
	if name.Public {
		attrs = append(attrs, slog.String("name", name.Value))
	}
	n.logger.LogAttrs(ctx, slog.LevelWarn, "attempts are refused: a budget is exhausted", attrs...)
}

// count returns the refusals of a kind since the last line, and whether another line is due.
func (n *Notices) count(kind string) (int64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.kinds[kind]
	if k == nil {
		k = &notice{}
		n.kinds[kind] = k
	}
	k.refused++
	now := n.now()
	if !k.last.IsZero() && now.Sub(k.last) < noticeEvery {
		return 0, false
	}
	refused := k.refused
	k.last, k.refused = now, 0
	return refused, true
}
