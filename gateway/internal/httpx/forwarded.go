package httpx

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// The thresholds of ForwardWatch.
const (
	// watchWindow is the period over which requests are counted.
	watchWindow = time.Minute
	// minRequests is the number of requests in a window below which there is no warning.
	minRequests = 20
	// warnEvery is the minimum interval between two warnings.
	warnEvery = 10 * time.Minute
)

// ForwardWatch detects that most requests come through a proxy that is not in trusted_proxies. All
// users behind it share one source address, and are throttled as one. Any client can send
// X-Forwarded-For, so the only effects are a log line and a counter.
type ForwardWatch struct {
	proxies Proxies
	logger  *slog.Logger
	count   func()
	now     func() time.Time

	mu                  sync.Mutex
	windowStart, warned time.Time
	total, forwarded    int
}

// NewForwardWatch returns a ForwardWatch. It calls count for each request whose X-Forwarded-For is
// ignored.
func NewForwardWatch(proxies Proxies, logger *slog.Logger, count func(), now func() time.Time) *ForwardWatch {
	return &ForwardWatch{proxies: proxies, logger: logger, count: count, now: now}
}

// Observe counts a request.
func (w *ForwardWatch) Observe(r *http.Request) {
	peer, ok := hop(r.RemoteAddr)
	ignored := ok && len(r.Header["X-Forwarded-For"]) > 0 && !w.proxies.trusted(peer)
	if ignored {
		w.count()
	}
	if total, forwarded, due := w.add(ignored); due {
		w.warn(r, peer, total, forwarded)
	}
}

// add counts a request, and reports whether a warning is due.
func (w *ForwardWatch) add(ignored bool) (total, forwarded int, due bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if now.Sub(w.windowStart) >= watchWindow {
		w.windowStart, w.total, w.forwarded = now, 0, 0
	}
	w.total++
	if ignored {
		w.forwarded++
	}
	due = ignored && w.total >= minRequests && 2*w.forwarded > w.total && (w.warned.IsZero() || now.Sub(w.warned) >= warnEvery)
	if due {
		w.warned = now
	}
	return w.total, w.forwarded, due
}

func (w *ForwardWatch) warn(r *http.Request, peer netip.Addr, total, forwarded int) {
	w.logger.WarnContext(r.Context(),
		"most requests come through a proxy that gateway.trusted_proxies does not name: all its clients are throttled as one source",
		"proxy", peer.String(), "requests", total, "forwarded", forwarded)
}
