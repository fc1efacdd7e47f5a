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

// api stands for what is protected: it reports the request that reached it, and counts. The query says how else it behaves.
type api struct {
	*httptest.Server

	// reached counts what came, by the case that the request names.
	mu      sync.Mutex
	reached map[string]int
}

// caseHeader names the case that a request belongs to.
const caseHeader = "X-Case"

// got is how many requests of a case have come.
func (a *api) got(name string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reached[name]
}

// arrived is a request as the API saw it.
type arrived struct {
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

// ServeHTTP is http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.reached[r.Header.Get(caseHeader)]++
	a.mu.Unlock()
	query := r.URL.Query()
	sum := sha256.New()
	n, _ := io.Copy(sum, r.Body) // what is missing shows in the comparison
	switch {
	case query.Has("hangup"):
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	case query.Has("drip"):
		drip(w, seconds(query.Get("late")), seconds(query.Get("drip")), seconds(query.Get("every")))
		return
	case query.Has("head"): // a long header of an answer
		size, _ := strconv.Atoi(query.Get("head"))
		w.Header().Set("X-Long", strings.Repeat("a", size))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "https://only.example.com") // the API's own word
	if status, err := strconv.Atoi(query.Get("status")); err == nil {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	}
	_ = json.NewEncoder(w).Encode(arrived{r.Method, r.RequestURI, r.Host, r.Header, n, hex.EncodeToString(sum.Sum(nil))}) // likewise
}

func (a *api) addr() string { return a.Listener.Addr().String() }

func seconds(text string) time.Duration {
	d, _ := time.ParseDuration(text) // 0 where there is none
	return d
}

// drip answers late, for a while, a line at a time. A line is numbered from 0.
func drip(w http.ResponseWriter, late, total, every time.Duration) {
	control := http.NewResponseController(w)
	time.Sleep(late)
	for i, begun := 0, time.Now(); ; i++ {
		if _, err := fmt.Fprintf(w, "line %d\n", i); err != nil {
			return
		}
		_ = control.Flush() // shows in the next write
		if time.Since(begun) >= total {
			return
		}
		time.Sleep(every)
	}
}

// mute accepts connections and never says anything, as a process that stands still.
func mute() (addr string, end func(), err error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	return lis.Addr().String(), func() { _ = lis.Close() }, nil
}
