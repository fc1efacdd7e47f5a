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

func TestFault_E2_AProxyThatNobodyTrustsIsNoticed(t *testing.T) {
	trusted, err := httpx.ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name                       string
		proxied, direct, byTrusted int
		warned                     bool
	}{
		{"an ingress that is not named", 100, 10, 0, true},
		{"an ingress that is named", 0, 10, 100, false},
		{"a client that says where it comes from", 30, 100, 0, false},
		{"some of those that are named", 30, 0, 100, false},
		{"too few to say", 19, 0, 0, false},
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
					watch.See(r)
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
