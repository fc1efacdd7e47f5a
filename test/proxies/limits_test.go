package proxies

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// patterned is a body of n bytes, and its sum.
func patterned(n int) (body, sum string) {
	body = strings.Repeat("0123456789abcdef", n/16)
	digest := sha256.Sum256([]byte(body))
	return body, hex.EncodeToString(digest[:])
}

// TestFault_F2_ABodyLargerThanEveryDefaultPasses, with its length said before and without: the question carries none of it.
func TestFault_F2_ABodyLargerThanEveryDefaultPasses(t *testing.T) {
	t.Parallel()
	token := issue(t, "analyze:write")
	body, sum := patterned(20 << 20)
	atEachDoor(t, func(t *testing.T, _ proxy, door *running) {
		for name, reader := range map[string]io.Reader{"its length said": strings.NewReader(body), "in chunks": io.MultiReader(strings.NewReader(body))} {
			r := passed(t, send(t, "POST", door.url+"/v1/videos/vid_1/analyze", token, reader))
			if r.Length != int64(len(body)) || r.Sum != sum || r.Method != "POST" {
				t.Errorf("%s: %d bytes arrived as %d with %s", name, len(body), r.Length, r.Method)
			}
		}
		// Without a token it is refused before a byte of it has come.
		if status := sendRaw(t, door, "POST /v1/videos/vid_1/analyze HTTP/1.1\r\nHost: "+host(t, door.url)+"\r\nContent-Length: 2097152\r\n\r\n"); status != http.StatusUnauthorized {
			t.Errorf("without a token: %d", status)
		}
	})
}

// TestFault_F4_LongHeadersPass, as they pass the gateway's own /v1, whose limit for a request's head is 32 KiB: one long header, many
// headers, a long query, and a long header of the API's answer.
func TestFault_F4_LongHeadersPass(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("X-Number-%d", i), "1")
	}
	atEachDoor(t, func(t *testing.T, _ proxy, door *running) {
		if r := passed(t, ask(t, "GET", door.url+"/v1/videos", token, "X-Long", strings.Repeat("a", 20<<10))); len(r.Header.Get("X-Long")) != 20<<10 {
			t.Error("a long header did not arrive")
		}
		if r := passed(t, ask(t, "GET", door.url+"/v1/videos", token, many...)); r.Header.Get("X-Number-199") != "1" {
			t.Error("200 headers did not arrive")
		}
		query := strings.Repeat("b", 20<<10)
		if r := passed(t, ask(t, "GET", door.url+"/v1/videos?q="+query, token)); r.URI != "/v1/videos?q="+query {
			t.Error("a long query did not arrive")
		}
		if a := ask(t, "GET", door.url+"/v1/videos?head=40000", token); a.Status != http.StatusOK || len(a.Header.Get("X-Long")) != 40000 {
			t.Errorf("an answer with a long header became %d %s", a.Status, a.Raw)
		}
	})
}

// beyond is longer than any of the proxies' own limits of time for a request, which are 60 s where they are not shorter; so is
// quiet for a silence.
const (
	beyond = 66 * time.Second
	quiet  = 62 * time.Second
)

// TestFault_F4_WhatTakesLongerThanEveryDefaultPasses as it passes /v1: an answer that goes on, one that begins late, one that pauses,
// and a body that comes slowly. All at the same time, whatever number of tests the machine runs at once.
func TestFault_F4_WhatTakesLongerThanEveryDefaultPasses(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	var wg sync.WaitGroup
	for _, p := range proxies() {
		door := shared.doors[p.name]
		for name, query := range map[string]string{
			"an answer that goes on":  fmt.Sprintf("?drip=%s&every=1s", beyond),
			"an answer that pauses":   fmt.Sprintf("?drip=1s&every=%s", quiet),
			"an answer that is late":  fmt.Sprintf("?drip=1s&every=1s&late=%s", quiet),
			"an answer as it is made": "?drip=3s&every=1s",
		} {
			wg.Go(func() {
				lines, spread, err := door.stream("/v1/videos"+query, token)
				if err != nil || lines < 2 || spread < time.Second/2 {
					t.Errorf("%s, %s: %d lines over %s, %v", p.name, name, lines, spread, err)
				}
			})
		}
		wg.Go(func() {
			length, err := door.upload("/v1/videos/vid_1/analyze", token)
			if err != nil || length < 10 {
				t.Errorf("%s, a body that comes slowly: %d bytes arrived, %v", p.name, length, err)
			}
		})
	}
	behindFronts(t, &wg)
	wg.Wait()
}

// behindFronts sends what may take its time through each front with TLS and the gateway's own /v1.
func behindFronts(t *testing.T, wg *sync.WaitGroup) {
	t.Helper()
	u := shared.whole
	for name, front := range u.fronts {
		tokens, err := u.at(front).Issue(u.at(front).NewBrowser(), harness.Request{})
		must(t, err)
		wg.Go(func() {
			lines, spread, err := front.stream(fmt.Sprintf("/v1/videos?drip=%s&every=1s", beyond), tokens.Access)
			if err != nil || lines < 2 || spread < beyond/2 {
				t.Errorf("the front with %s, an answer that goes on: %d lines over %s, %v", name, lines, spread, err)
			}
		})
		wg.Go(func() {
			length, err := front.upload("/v1/videos/vid_1/analyze", tokens.Access)
			if err != nil || length < 10 {
				t.Errorf("the front with %s, a body that comes slowly: %d bytes arrived, %v", name, length, err)
			}
		})
	}
}

// trickle is a body of which a byte comes every few seconds, until its end.
type trickle struct{ end time.Time }

func (b *trickle) Read(p []byte) (int, error) {
	if time.Now().After(b.end) {
		return 0, io.EOF
	}
	time.Sleep(5 * time.Second)
	return copy(p, "x"), nil
}

// upload sends a trickle and returns how much of it arrived.
func (r *running) upload(path, token string) (length int64, err error) {
	res, err := r.request(http.MethodPost, path, token, &trickle{end: time.Now().Add(beyond)})
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var a arrived
	err = json.NewDecoder(res.Body).Decode(&a)
	return a.Length, err
}

// stream reads an answer to its end, and returns its lines and the time between the first and the last.
func (r *running) stream(path, token string) (lines int, spread time.Duration, err error) {
	res, err := r.request(http.MethodGet, path, token, nil)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	var first time.Time
	scanner := bufio.NewScanner(res.Body)
	for ; scanner.Scan(); lines++ {
		if lines == 0 {
			first = time.Now()
		}
		if want := fmt.Sprintf("line %d", lines); scanner.Text() != want {
			return lines, 0, fmt.Errorf("%q came, want %q", scanner.Text(), want)
		}
	}
	return lines, time.Since(first), scanner.Err()
}

// request is one whose answer may take minutes.
func (r *running) request(method, path, token string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Transport: r.transport, Timeout: 5 * time.Minute}).Do(req)
	if err == nil && res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		return nil, fmt.Errorf("answered %d", res.StatusCode)
	}
	return res, err
}
