package httpx

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// The bounds of what ForwardWatch says.
const (
	// watched is over how long requests are compared.
	watched = time.Minute
	// enough is how many requests say something.
	enough = 20
	// warnEvery is how often it is said at most.
	warnEvery = 10 * time.Minute
)

// ForwardWatch notices that most requests come through a proxy that is not trusted: all who use it are one source address then, and
// are throttled as one. Anybody can send an X-Forwarded-For; what it decides is a line in the log and a counter.
type ForwardWatch struct {
	proxies Proxies
	logger  *slog.Logger
	count   func()
	now     func() time.Time

	mu               sync.Mutex
	begun, warned    time.Time
	total, forwarded int
}

// NewForwardWatch makes one that has seen nothing. count is called for each request with an X-Forwarded-For that is not believed.
func NewForwardWatch(proxies Proxies, logger *slog.Logger, count func(), now func() time.Time) *ForwardWatch {
	return &ForwardWatch{proxies: proxies, logger: logger, count: count, now: now}
}

// See counts a request.
func (w *ForwardWatch) See(r *http.Request) {
	peer, known := hop(r.RemoteAddr)
	ignored := known && len(r.Header["X-Forwarded-For"]) > 0 && !w.proxies.trusted(peer)
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
	if now.Sub(w.begun) >= watched {
		w.begun, w.total, w.forwarded = now, 0, 0
	}
	w.total++
	if ignored {
		w.forwarded++
	}
	due = ignored && w.total >= enough && 2*w.forwarded > w.total && (w.warned.IsZero() || now.Sub(w.warned) >= warnEvery)
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
