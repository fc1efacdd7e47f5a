package httpx_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

func TestFault_E2_AnUntrustedProxyIsDetected(t *testing.T) {
	trusted, err := httpx.ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name                       string
		proxied, direct, byTrusted int
		warned                     bool
	}{
		{"an ingress that is not trusted", 100, 10, 0, true},
		{"a trusted ingress", 0, 10, 100, false},
		{"a client that sends X-Forwarded-For", 30, 100, 0, false},
		{"some clients behind a trusted ingress", 30, 0, 100, false},
		{"too few requests", 19, 0, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			counted, now := 0, time.Unix(1_800_000_000, 0)
			watch := httpx.NewForwardWatch(trusted, slog.New(slog.NewTextHandler(&log, nil)), func() { counted++ }, func() time.Time { return now })
			send := func(n int, peer, forwarded string) {
				for range n {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					r.RemoteAddr = peer
					if forwarded != "" {
						r.Header.Set("X-Forwarded-For", forwarded)
					}
					watch.Observe(r)
				}
			}
			send(row.direct, "203.0.113.1:1", "")
			send(row.byTrusted, "10.1.2.3:1", "203.0.113.1")
			send(row.proxied, "192.0.2.7:1", "203.0.113.1")
			if lines := strings.Count(log.String(), "level=WARN"); lines != map[bool]int{true: 1}[row.warned] || row.warned && !strings.Contains(log.String(), "proxy=192.0.2.7") {
				t.Errorf("the log has %q", log.String())
			}
			if counted != row.proxied {
				t.Errorf("%d are counted, want %d", counted, row.proxied)
			}
			now = now.Add(10 * time.Minute)
			send(row.proxied, "192.0.2.7:1", "203.0.113.1")
			if lines := strings.Count(log.String(), "level=WARN"); row.warned && lines != 2 {
				t.Errorf("after ten minutes the log has %d lines", lines)
			}
		})
	}
}
