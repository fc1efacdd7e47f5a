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

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// patterned returns a body of n bytes, and its SHA-256.
func patterned(n int) (body, sum string) {
	body = strings.Repeat("0123456789abcdef", n/16)
	digest := sha256.Sum256([]byte(body))
	return body, hex.EncodeToString(digest[:])
}

// TestFault_F2_ABodyLargerThanEveryDefaultPasses, with and without a Content-Length: the
// authorization request carries no body.
func TestFault_F2_ABodyLargerThanEveryDefaultPasses(t *testing.T) {
	t.Parallel()
	token := issue(t, "analyze:write")
	body, sum := patterned(20 << 20)
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		for name, reader := range map[string]io.Reader{"its length said": strings.NewReader(body), "in chunks": io.MultiReader(strings.NewReader(body))} {
			r := wantForwarded(t, send(t, "POST", rp.url+"/v1/videos/vid_1/analyze", token, reader))
			if r.Length != int64(len(body)) || r.Sum != sum || r.Method != "POST" {
				t.Errorf("%s: %d bytes arrived as %d with %s", name, len(body), r.Length, r.Method)
			}
		}
		// Without a token it is refused before its body is sent.
		if status := sendRaw(t, rp, "POST /v1/videos/vid_1/analyze HTTP/1.1\r\nHost: "+host(t, rp.url)+"\r\nContent-Length: 2097152\r\n\r\n"); status != http.StatusUnauthorized {
			t.Errorf("without a token: %d", status)
		}
	})
}

// TestFault_F4_LongHeadersPass, as at the gateway's own /v1, whose limit for a request's headers is
// 32 KiB: one long header, many headers, a long query, and a long header of the API's response.
func TestFault_F4_LongHeadersPass(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("X-Number-%d", i), "1")
	}
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		if r := wantForwarded(t, request(t, "GET", rp.url+"/v1/videos", token, "X-Long", strings.Repeat("a", 20<<10))); len(r.Header.Get("X-Long")) != 20<<10 {
			t.Error("a long header did not arrive")
		}
		if r := wantForwarded(t, request(t, "GET", rp.url+"/v1/videos", token, many...)); r.Header.Get("X-Number-199") != "1" {
			t.Error("200 headers did not arrive")
		}
		query := strings.Repeat("b", 20<<10)
		if r := wantForwarded(t, request(t, "GET", rp.url+"/v1/videos?q="+query, token)); r.URI != "/v1/videos?q="+query {
			t.Error("a long query did not arrive")
		}
		if a := request(t, "GET", rp.url+"/v1/videos?head=40000", token); a.Status != http.StatusOK || len(a.Header.Get("X-Long")) != 40000 {
			t.Errorf("a response with a long header became %d %s", a.Status, a.Raw)
		}
	})
}

// beyond is longer than the proxies' own timeouts for a request, which are at most 60 s; quiet is
// longer than those without data.
const (
	beyond = 66 * time.Second
	quiet  = 62 * time.Second
)

// TestFault_F4_RequestsLongerThanEveryDefaultTimeoutPass, as at /v1: a long response, one that
// starts late, one that pauses, and a slow request body. All run concurrently, independent of the
// number of parallel tests.
func TestFault_F4_RequestsLongerThanEveryDefaultTimeoutPass(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	var wg sync.WaitGroup
	for _, p := range proxies() {
		rp := shared.enforcers[p.name]
		for name, query := range map[string]string{
			"a long response":        fmt.Sprintf("?drip=%s&every=1s", beyond),
			"a response that pauses": fmt.Sprintf("?drip=1s&every=%s", quiet),
			"a late response":        fmt.Sprintf("?drip=1s&every=1s&late=%s", quiet),
			"an unbuffered response": "?drip=3s&every=1s",
		} {
			wg.Go(func() {
				lines, spread, err := rp.stream("/v1/videos"+query, token)
				if err != nil || lines < 2 || spread < time.Second/2 {
					t.Errorf("%s, %s: %d lines over %s, %v", p.name, name, lines, spread, err)
				}
			})
		}
		wg.Go(func() {
			length, err := rp.upload("/v1/videos/vid_1/analyze", token)
			if err != nil || length < 10 {
				t.Errorf("%s, a slow body: %d bytes arrived, %v", p.name, length, err)
			}
		})
	}
	behindFronts(t, &wg)
	wg.Wait()
}

// behindFronts sends long requests through each front with TLS to the gateway's own /v1.
func behindFronts(t *testing.T, wg *sync.WaitGroup) {
	t.Helper()
	u := shared.usherBehindFronts
	for name, front := range u.fronts {
		tokens, err := u.at(front).Issue(u.at(front).NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		wg.Go(func() {
			lines, spread, err := front.stream(fmt.Sprintf("/v1/videos?drip=%s&every=1s", beyond), tokens.Access)
			if err != nil || lines < 2 || spread < beyond/2 {
				t.Errorf("the front with %s, a long response: %d lines over %s, %v", name, lines, spread, err)
			}
		})
		wg.Go(func() {
			length, err := front.upload("/v1/videos/vid_1/analyze", tokens.Access)
			if err != nil || length < 10 {
				t.Errorf("the front with %s, a slow body: %d bytes arrived, %v", name, length, err)
			}
		})
	}
}

// trickle is a body of one byte every few seconds, until end.
type trickle struct{ end time.Time }

func (b *trickle) Read(p []byte) (int, error) {
	if time.Now().After(b.end) {
		return 0, io.EOF
	}
	time.Sleep(5 * time.Second)
	return copy(p, "x"), nil
}

// upload sends a trickle and returns how many bytes the API received.
func (r *running) upload(path, token string) (length int64, err error) {
	res, err := r.request(http.MethodPost, path, token, &trickle{end: time.Now().Add(beyond)})
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var a received
	err = json.NewDecoder(res.Body).Decode(&a)
	return a.Length, err
}

// stream reads a response to its end, and returns its lines and the time between the first and the
// last.
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
			return lines, 0, fmt.Errorf("received %q, want %q", scanner.Text(), want)
		}
	}
	return lines, time.Since(first), scanner.Err()
}

// request sends a request whose response may take minutes.
func (r *running) request(method, path, token string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Transport: r.transport, Timeout: 5 * time.Minute}).Do(req)
	if err == nil && res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		return nil, fmt.Errorf("returned %d", res.StatusCode)
	}
	return res, err
}
