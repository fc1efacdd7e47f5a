package proxies

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// wantUsherUnavailable checks a proxy's response when Usher is unreachable: 503 with the documented
// body and Retry-After.
func wantUsherUnavailable(t *testing.T, p proxy, a harness.Response) {
	t.Helper()
	if p.text {
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "2" {
			t.Errorf("returned %d %v %s", a.Status, a.Header, a.Raw)
		}
		return
	}
	wantDenied(t, a, http.StatusServiceUnavailable, denial("unavailable", unavailable), "")
	if got := a.Header["Retry-After"]; len(got) != 1 || got[0] != "2" {
		t.Errorf("Retry-After is %q", got)
	}
}

// TestFault_F9_UsherUnreachableHasOneResponse, whether Usher refuses connections or is suspended,
// and no request is forwarded.
func TestFault_F9_UsherUnreachableHasOneResponse(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	still, end, err := silentServer()
	expect.NoError(t, err)
	t.Cleanup(end)
	gone := unusedAddr(t)
	for name, addr := range map[string]string{"nothing listens": gone, "it stands still": still} {
		t.Run(name, func(t *testing.T) {
			b := sharedTargets()
			b.gateway, b.tokens = addr, []string{addr}
			enforcers, err := open(b)
			t.Cleanup(func() { expect.NoError(t, closeAll(enforcers)) })
			expect.NoError(t, err)
			for _, p := range proxies() {
				started := time.Now()
				wantUsherUnavailable(t, p, request(t, "GET", enforcers[p.name].url+"/v1/videos", token))
				if took := time.Since(started); took > 20*time.Second {
					t.Errorf("%s responds after %s", p.name, took)
				}
				if n := enforcers[p.name].api.count(t.Name()); n != 0 {
					t.Errorf("%s: an unchecked request reached the API", p.name)
				}
			}
		})
	}
}

// TestFault_F9_OnlyA2xxAllowsARequest: only 2xx allows a request, and only the documented
// denials are forwarded.
func TestFault_F9_OnlyA2xxAllowsARequest(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK // for a health check
		for _, name := range []string{"X-Original-Uri", "X-Forwarded-Uri"} {
			if uri := r.Header.Get(name); uri != "" {
				status = map[byte]int{'a': 302, 'b': 304, 'c': 400, 'd': 429, 'e': 500, 'f': 502, 'g': 503}[uri[len(uri)-1]]
			}
		}
		w.Header().Set("Usher-Subject", "usr_john")
		w.WriteHeader(status)
	}))
	t.Cleanup(broken.Close)
	for _, p := range []proxy{nginx(), caddy(), haproxy(), traefik()} {
		b := sharedTargets()
		b.gateway, b.api = host(t, broken.URL), ""
		rp := startProxy(t, p, b)
		for _, path := range strings.Split("abcdefg", "") {
			a := request(t, "GET", rp.url+"/"+path, "")
			if a.Status/100 == 2 || rp.api.count(t.Name()) != 0 {
				t.Errorf("%s, path %s: returned %d, and %d requests reached the API", p.name, path, a.Status, rp.api.count(t.Name()))
			}
		}
	}
}

// TestFault_F9_TheAPIsFailureDiffersFromUshers: 502 without Retry-After, since the API may have
// executed the request. The API's own error responses are forwarded unchanged.
func TestFault_F9_TheAPIsFailureDiffersFromUshers(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	failed := func(t *testing.T, p proxy, a harness.Response) {
		t.Helper()
		if a.Status != http.StatusBadGateway || a.Header.Get("Retry-After") != "" {
			t.Errorf("returned %d %v %s", a.Status, a.Header, a.Raw)
		}
		if !p.text {
			wantDenied(t, a, http.StatusBadGateway, denial("unavailable", silent), "")
		}
	}
	atEachProxy(t, func(t *testing.T, p proxy, rp *running) {
		failed(t, p, request(t, "POST", rp.url+"/v1/videos/vid_1/analyze?hangup", token))
		if n := rp.api.count(t.Name()); n != 1 {
			t.Errorf("a POST whose connection the API closed reached it %d times", n)
		}
		// A proxy may repeat a GET, and nginx does on each idle connection that it has to the API.
		failed(t, p, request(t, "GET", rp.url+"/v1/videos?hangup", token))
		for _, status := range []string{"502", "503", "504"} {
			a := request(t, "GET", rp.url+"/v1/videos?status="+status, token)
			if a.Header.Get("Retry-After") != "7" || !strings.Contains(a.Raw, "Method") || strconv.Itoa(a.Status) != status {
				t.Errorf("the API's own %s became %d %v %s", status, a.Status, a.Header, a.Raw)
			}
		}
		b := sharedTargets()
		b.api = unusedAddr(t)
		failed(t, p, request(t, "GET", startProxy(t, p, b).url+"/v1/videos", token))
	})
}

func closeAll(enforcers map[string]*running) error {
	var first error
	for _, d := range enforcers {
		if err := d.stop(); err != nil && first == nil {
			first = err
		}
		d.api.Close()
	}
	return first
}
