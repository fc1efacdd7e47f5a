package proxies

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// api stands in for the protected API: it returns the request that it received as JSON, and counts
// requests. The query selects other behaviour.
type api struct {
	*httptest.Server

	mu sync.Mutex
	// reached counts the received requests by the test that the request names.
	reached map[string]int
}

// caseHeader names the test that a request belongs to.
const caseHeader = "X-Case"

// count returns the number of received requests of a test.
func (a *api) count(name string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reached[name]
}

// received is a request as the API received it.
type received struct {
	Method, URI, Host string
	Header            http.Header
	// Length and Sum are the body's size and SHA-256.
	Length int64
	Sum    string
}

func newAPI() *api {
	a := &api{reached: map[string]int{}}
	a.Server = httptest.NewUnstartedServer(a)
	a.Config.MaxHeaderBytes = 1 << 20
	a.Start()
	return a
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.reached[r.Header.Get(caseHeader)]++
	a.mu.Unlock()
	query := r.URL.Query()
	sum := sha256.New()
	n, _ := io.Copy(sum, r.Body) // a missing part shows in the comparison
	switch {
	case query.Has("hangup"):
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	case query.Has("drip"):
		drip(w, seconds(query.Get("late")), seconds(query.Get("drip")), seconds(query.Get("every")))
		return
	case query.Has("head"): // a long header of the response
		size, _ := strconv.Atoi(query.Get("head"))
		w.Header().Set("X-Long", strings.Repeat("a", size))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "https://only.example.com") // the API's own value
	if status, err := strconv.Atoi(query.Get("status")); err == nil {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	}
	_ = json.NewEncoder(w).Encode(received{r.Method, r.RequestURI, r.Host, r.Header, n, hex.EncodeToString(sum.Sum(nil))}) // the client may have disconnected
}

func (a *api) addr() string { return a.Listener.Addr().String() }

func seconds(text string) time.Duration {
	d, _ := time.ParseDuration(text) // 0 where it is missing
	return d
}

// drip responds late, for a while, one line at a time. Lines are numbered from 0.
func drip(w http.ResponseWriter, late, total, every time.Duration) {
	control := http.NewResponseController(w)
	time.Sleep(late)
	for i, started := 0, time.Now(); ; i++ {
		if _, err := fmt.Fprintf(w, "line %d\n", i); err != nil {
			return
		}
		_ = control.Flush() // an error shows in the next write
		if time.Since(started) >= total {
			return
		}
		time.Sleep(every)
	}
}

// silentServer accepts connections and sends nothing, as a suspended process.
func silentServer() (addr string, end func(), err error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	return lis.Addr().String(), func() { _ = lis.Close() }, nil
}
