package proxies

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// usherIsAway holds an answer to what a door says when Usher cannot be asked: 503, in the documented words, with Retry-After.
func usherIsAway(t *testing.T, p proxy, a harness.Response) {
	t.Helper()
	if p.text {
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "2" {
			t.Errorf("answered %d %v %s", a.Status, a.Header, a.Raw)
		}
		return
	}
	refuses(t, a, http.StatusServiceUnavailable, denial("unavailable", unavailable), "")
	if got := a.Header["Retry-After"]; len(got) != 1 || got[0] != "2" {
		t.Errorf("Retry-After is %q", got)
	}
}

// TestFault_F9_UsherAwayIsToldInOneWay, whether nothing listens or what listens stands still, and the door stays closed.
func TestFault_F9_UsherAwayIsToldInOneWay(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	still, end, err := mute()
	must(t, err)
	t.Cleanup(end)
	gone := nobody(t)
	for name, addr := range map[string]string{"nothing listens": gone, "it stands still": still} {
		t.Run(name, func(t *testing.T) {
			b := usual()
			b.gateway, b.tokens = addr, []string{addr}
			doors, err := open(b)
			t.Cleanup(func() { must(t, closeAll(doors)) })
			must(t, err)
			for _, p := range proxies() {
				begun := time.Now()
				usherIsAway(t, p, ask(t, "GET", doors[p.name].url+"/v1/videos", token))
				if took := time.Since(begun); took > 20*time.Second {
					t.Errorf("%s answers after %s", p.name, took)
				}
				if n := doors[p.name].api.got(t.Name()); n != 0 {
					t.Errorf("%s: it reached the API unjudged", p.name)
				}
			}
		})
	}
}

// TestFault_F9_NoOtherAnswerIsTakenForAYes: only 2xx opens, and only the documented denials are told.
func TestFault_F9_NoOtherAnswerIsTakenForAYes(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK // for a check of health
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
		b := usual()
		b.gateway, b.api = host(t, broken.URL), ""
		door := begin(t, p, b)
		for _, path := range strings.Split("abcdefg", "") {
			a := ask(t, "GET", door.url+"/"+path, "")
			if a.Status/100 == 2 || door.api.got(t.Name()) != 0 {
				t.Errorf("%s, path %s: answered %d, and %d requests reached the API", p.name, path, a.Status, door.api.got(t.Name()))
			}
		}
	}
}

// TestFault_F9_TheAPIsFailureIsToldApartFromUshers: 502, and no word that it is safe to try again, since the API may have done what
// was asked. What the API itself answers passes as it is.
func TestFault_F9_TheAPIsFailureIsToldApartFromUshers(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	failed := func(t *testing.T, p proxy, a harness.Response) {
		t.Helper()
		if a.Status != http.StatusBadGateway || a.Header.Get("Retry-After") != "" {
			t.Errorf("answered %d %v %s", a.Status, a.Header, a.Raw)
		}
		if !p.text {
			refuses(t, a, http.StatusBadGateway, denial("unavailable", silent), "")
		}
	}
	atEachDoor(t, func(t *testing.T, p proxy, door *running) {
		failed(t, p, ask(t, "POST", door.url+"/v1/videos/vid_1/analyze?hangup", token))
		failed(t, p, ask(t, "GET", door.url+"/v1/videos?hangup", token))
		if n := door.api.got(t.Name()); n > 3 {
			t.Errorf("%d requests reached the API, which hung up on two", n) // a GET may be sent again
		}
		for _, status := range []string{"502", "503", "504"} {
			a := ask(t, "GET", door.url+"/v1/videos?status="+status, token)
			if a.Header.Get("Retry-After") != "7" || !strings.Contains(a.Raw, "Method") || strconv.Itoa(a.Status) != status {
				t.Errorf("the API's own %s became %d %v %s", status, a.Status, a.Header, a.Raw)
			}
		}
		b := usual()
		b.api = nobody(t)
		failed(t, p, ask(t, "GET", begin(t, p, b).url+"/v1/videos", token))
	})
}

func closeAll(doors map[string]*running) error {
	var first error
	for _, d := range doors {
		if err := d.stop(); err != nil && first == nil {
			first = err
		}
		d.api.Close()
	}
	return first
}
