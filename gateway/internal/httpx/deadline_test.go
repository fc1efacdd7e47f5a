package httpx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// slowBody is a body that arrives after some time.
type slowBody struct {
	io.Reader

	after time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	time.Sleep(b.after)
	b.after = 0
	return b.Reader.Read(p)
}

// serveBody serves a request whose body arrives after some time. The router's timeout is a minute.
func serveBody(ctx context.Context, after time.Duration, h http.HandlerFunc) {
	s := newSite(false)
	s.Post("/signin", h)
	body := &slowBody{strings.NewReader("x"), after}
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/signin", body))
}

func TestTheDeadlineOfAHandlerBeginsWhenItsBodyIsRead(t *testing.T) {
	for name, row := range map[string]struct {
		after time.Duration
		left  time.Duration
	}{
		"at once": {0, time.Minute}, "soon": {time.Second, 59 * time.Second}, "late": {10 * time.Second, time.Minute}, "too late": {2 * time.Minute, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			served := false
			serveBody(t.Context(), row.after, func(w http.ResponseWriter, r *http.Request) {
				served = true
				id := requestid.From(r.Context())
				body, err := httpx.ReadBody(w, r)
				if string(body) != "x" || err != nil || r.Context().Err() != nil {
					t.Errorf("%s: %q, %v, %v", name, body, err, r.Context().Err())
				}
				if deadline, _ := r.Context().Deadline(); time.Until(deadline) != row.left || requestid.From(r.Context()) != id || id == "" {
					t.Errorf("%s: the handler has %s, want %s; its request is %q", name, time.Until(deadline), row.left, id)
				}
				<-r.Context().Done()
				if err := r.Context().Err(); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: the context ends with %v", name, err)
				}
			})
			if !served {
				t.Errorf("%s: not served", name)
			}
		})
	}
}

// connection records the deadline of a response.
type connection struct {
	*httptest.ResponseRecorder

	until time.Time
}

func (c *connection) SetWriteDeadline(t time.Time) error {
	c.until = t
	return nil
}

// TestAResponseAfterASlowBodyCanBeWritten: the connection's deadline for it began with the request.
func TestAResponseAfterASlowBodyCanBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &connection{ResponseRecorder: httptest.NewRecorder()}
		s := newSite(false)
		s.Post("/signin", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = httpx.ReadBody(w, r) }))
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signin", &slowBody{strings.NewReader("x"), 40 * time.Second}))
		if left := time.Until(w.until); left <= time.Minute { // the timeout of the handler
			t.Errorf("the response has %s", left)
		}
	})
}

func TestAHandlerThatReadsNoBodyHasItsDeadlineFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serveBody(t.Context(), time.Hour, func(_ http.ResponseWriter, r *http.Request) {
			if deadline, ok := r.Context().Deadline(); !ok || time.Until(deadline) != time.Minute {
				t.Errorf("the handler has %s", time.Until(deadline))
			}
		})
	})
}

func TestAClientThatDisconnectsEndsTheContextAlsoAfterASlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		serveBody(ctx, time.Hour, func(w http.ResponseWriter, r *http.Request) {
			_, _ = httpx.ReadBody(w, r)
			if err := r.Context().Err(); err != nil {
				t.Errorf("before: %v", err)
			}
			leave()
			<-r.Context().Done()
			if err := r.Context().Err(); !errors.Is(err, context.Canceled) {
				t.Errorf("after: %v", err)
			}
		})
	})
}
