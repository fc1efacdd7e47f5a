package main

import (
	"strings"
	"testing"
)

// TestFault_C8_LinksFollowTheAddress where no public URL is set.
func TestFault_C8_LinksFollowTheAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:9000": "http://localhost:9000", ":9000": "http://localhost:9000", "0.0.0.0:80": "http://localhost:80", "[::]:1": "http://localhost:1",
		"192.0.2.1:8080": "http://192.0.2.1:8080", "dev.test:8080": "http://dev.test:8080", "[2001:db8::1]:8080": "http://[2001:db8::1]:8080",
	} {
		if got := localURL(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// TestFault_C11_TheVersionIsTold in one line.
func TestFault_C11_TheVersionIsTold(t *testing.T) {
	r := newConsole(t).run("", "version")
	if r.status != 0 || r.errors != "" || !strings.HasPrefix(r.out, "usher ") || !strings.Contains(r.out, "commit") || strings.Count(r.out, "\n") != 1 {
		t.Errorf("%+v", r)
	}
}
