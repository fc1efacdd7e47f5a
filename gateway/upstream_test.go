package gateway_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway"
)

// TestFault_B3_TheUpstreamsHeadersForBrowsersAreForwarded, and override the gateway's.
func TestFault_B3_TheUpstreamsHeadersForBrowsersAreForwarded(t *testing.T) {
	sent := map[string]string{
		"Timing-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Content-Security-Policy": "default-src 'none'", "Server-Timing": "db;dur=5",
		"Cache-Control": "private, max-age=5", "Referrer-Policy": "no-referrer", "Www-Authenticate": "Custom", "Retry-After": "7", "Link": "</next>; rel=next",
	}
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		for name, value := range sent {
			h.Set(name, value)
		}
		h.Add("Access-Control-Expose-Headers", "X-Total-Count, Link")
		h.Add("Access-Control-Expose-Headers", "X-Page")
		h.Set("Vary", "Accept-Language")
		h.Set("Access-Control-Allow-Origin", "https://only.test")
		w.WriteHeader(http.StatusOK)
	})
	public := newBrowser(t, withUpstream(u)).serve(t, time.Minute)
	for _, origin := range []string{"https://app.test", ""} {
		r := request(t.Context(), t, "GET", public+"/v1/videos", nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		res, err := http.DefaultClient.Do(r)
		must(t, err)
		must(t, res.Body.Close())
		h := res.Header
		for name, value := range sent {
			if got := h.Values(name); len(got) != 1 || got[0] != value {
				t.Errorf("from %q: %s is %q, want %q", origin, name, got, value)
			}
		}
		exposed := strings.Join(h.Values("Access-Control-Expose-Headers"), ", ")
		for _, name := range []string{"X-Total-Count", "X-Page"} {
			if !strings.Contains(exposed, name) {
				t.Errorf("from %q: exposed are %s", origin, exposed)
			}
		}
		if vary := h.Values("Vary"); !slices.Contains(vary, "Origin") || !slices.Contains(vary, "Accept-Language") || len(vary) != 2 {
			t.Errorf("from %q: Vary is %q", origin, vary)
		}
		if origin != "" && (h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(exposed, "Retry-After")) {
			t.Errorf("from %q: the headers are %v", origin, h)
		}
	}
}

func TestFault_B4_TheUpstreamReceivesTheAddressesOfTheClientAndTheProxy(t *testing.T) {
	u := newUpstream(t, nil)
	config := gateway.DefaultConfig()
	config.TrustedProxies = []string{"192.0.2.0/24"}
	behindProxies, alone := newBrowserWith(t, config, withUpstream(u)), newBrowser(t, withUpstream(u))
	for name, row := range map[string]struct {
		p                        browser
		forwarded, chain, client string
	}{
		"a trusted proxy":                         {behindProxies, "203.0.113.9", "203.0.113.9, 192.0.2.1", "203.0.113.9"},
		"a trusted proxy and a forged entry":      {behindProxies, "198.51.100.4, 203.0.113.9", "203.0.113.9, 192.0.2.1", "203.0.113.9"},
		"two trusted proxies":                     {behindProxies, "203.0.113.9, 192.0.2.7", "203.0.113.9, 192.0.2.1", "203.0.113.9"},
		"a trusted proxy without X-Forwarded-For": {behindProxies, "", "192.0.2.1", "192.0.2.1"},
		"an untrusted proxy":                      {alone, "203.0.113.9", "192.0.2.1", "192.0.2.1"},
	} {
		var header []string
		if row.forwarded != "" {
			header = []string{"X-Forwarded-For", row.forwarded}
			for _, name := range []string{
				"X-Real-Ip", "X.forwarded.for", "Forwarded", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip", "X-Forwarded-Client",
			} {
				header = append(header, name, "198.51.100.99")
			}
		}
		row.p.api("GET", "/v1/videos", twoScopes, header...)
		got := u.take()
		if len(got) != 1 {
			t.Fatalf("%s: %d requests arrived", name, len(got))
		}
		if h := got[0].Header; h.Get("X-Forwarded-For") != row.chain || h.Get("X-Real-Ip") != row.client || strings.Contains(fmt.Sprint(h), "198.51") {
			t.Errorf("%s: the upstream received %v", name, h)
		}
	}
}

func TestFault_E9_NoSpellingOfAMisleadingHeaderReachesTheUpstream(t *testing.T) {
	u := newUpstream(t, nil)
	p := newBrowser(t, withUpstream(u))
	var header []string
	for _, name := range []string{
		"usher.subject", "usher~subject", "Usher_Subject", "Usher!scope", "X-Http-Method-Override", "X_http_method_override", "X.http.method.override",
		"X~http~method", "X-Method-Override", "X.original.url", "X-Rewrite-Url", "X.forwarded.host", "X.real.ip", "Proxy",
	} {
		header = append(header, name, "sentinel")
	}
	p.api("GET", "/v1/videos", twoScopes, append(header, "X.kept", "kept")...)
	got := u.take()
	if len(got) != 1 || strings.Contains(fmt.Sprint(got[0].Header), "sentinel") || got[0].Header.Get("X.kept") != "kept" {
		t.Errorf("the upstream received %v", got)
	}
}

// TestFault_E9_HeadersForTheWholeHostAreNotForwarded: the sign-in pages are on the same host.
func TestFault_E9_HeadersForTheWholeHostAreNotForwarded(t *testing.T) {
	for name, announced := range map[string]bool{"announced": true, "unannounced": false} {
		u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			for _, name := range []string{"Clear-Site-Data", "Set-Cookie", "Alt-Svc", "Usher-Subject", "Usher.Scope", "Service-Worker-Allowed", "Strict-Transport-Security"} {
				h.Set(name, "sentinel")
			}
			prefix := http.TrailerPrefix
			if announced {
				h.Set("Trailer", "Set-Cookie, Usher-Subject, X-Checksum")
				prefix = ""
			}
			_, _ = io.WriteString(w, "body")
			_ = http.NewResponseController(w).Flush()
			for _, name := range []string{"Set-Cookie", "Usher-Subject", "Clear-Site-Data", "Usher.scope"} {
				h.Set(prefix+name, "sentinel")
			}
			h.Set(prefix+"X-Checksum", "1")
		})
		res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", newBrowser(t, withUpstream(u)).serve(t, time.Minute)+"/v1/videos", nil))
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, err)
		must(t, res.Body.Close())
		if string(body) != "body" || strings.Contains(fmt.Sprint(res.Header), "sentinel") || strings.Contains(fmt.Sprint(res.Trailer), "sentinel") {
			t.Errorf("%s: the client received %q with %v and the trailer %v", name, body, res.Header, res.Trailer)
		}
		if res.Trailer.Get("X-Checksum") != "1" {
			t.Errorf("%s: the trailer is %v", name, res.Trailer)
		}
	}
}

func TestFault_E10_AnUpstreamWithoutAStatusIs502InTheDocumentedFormat(t *testing.T) {
	for _, line := range []string{"HTTP/1.1 000 OK", "HTTP/1.1 099 X", "HTTP/1.1 600 X", "HTTP/1.1 999 X", "HTTP/1.1 abc X", "HTTP/1.1 -20 X", "nonsense"} {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		go func() {
			for {
				conn, err := lis.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, line+"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
				_ = conn.Close()
			}
		}()
		p := newBrowser(t, func(d *gateway.Deps) { d.UpstreamURL = "http://" + lis.Addr().String() })
		w := p.api("GET", "/v1/videos", allScopes)
		if w.Code != http.StatusBadGateway || w.Body.String() != documented("unavailable", "The service behind this endpoint did not answer") {
			t.Errorf("%q gets %d %s", line, w.Code, w.Body)
		}
		must(t, lis.Close())
	}
}
