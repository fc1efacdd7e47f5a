package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

func TestSecurity94_ForwardedForIsUsedFromTrustedProxiesOnly(t *testing.T) {
	trusted, err := httpx.ParseProxies([]string{"10.0.0.0/8", "fd00::/8", "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.9:4711", nil, "203.0.113.9"},
		{"203.0.113.9:4711", []string{"127.0.0.1"}, "203.0.113.9"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"127.0.0.1, 203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"127.0.0.1", "203.0.113.9, 10.1.2.3", "192.0.2.1"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"10.0.0.7, 10.0.0.8"}, "10.0.0.7"},
		{"10.0.0.1:1", []string{"203.0.113.9, unknown"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"evil, 10.0.0.2"}, "10.0.0.2"},
		{"[::ffff:10.0.0.1]:1", []string{"203.0.113.9:52"}, "203.0.113.9"},
		{"[fd00::1%eth0]:1", []string{"[2001:db8::1]:52"}, "2001:db8::1"},
		{"[fd00::1]:1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"@", []string{"203.0.113.9"}, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = row.peer, row.forwarded
		r.Header.Set("Forwarded", "for=127.0.0.1")
		r.Header.Set("X-Real-IP", "127.0.0.1")
		if got := trusted.Source(r); got != row.want {
			t.Errorf("%s with %q is from %q, want %q", row.peer, row.forwarded, got, row.want)
		}
	}
}

func TestAnInvalidNetworkIsAnError(t *testing.T) {
	for _, text := range []string{"", "10.0.0.0/33", "proxy.internal", "10.0.0.0/8 ", "::ffff:172.16.0.0/108"} {
		if _, err := httpx.ParseProxies([]string{text}); err == nil || !strings.Contains(err.Error(), "10.0.0.0/8") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
