package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"time"
)

// upstreamBody is a response body of an API, of 200 bytes.
const upstreamBody = `{"videos":[{"id":"vid_1","title":"A first video","duration_seconds":61,"state":"ready"},` +
	`{"id":"vid_2","title":"Another video","duration_seconds":3599,"state":"processing"}],"next_page_token":""}` + "\n"

// server is a child process of the benchmark, so that its CPU time is separate from the client's.
type server struct {
	cmd  *exec.Cmd
	addr string
}

// startServer starts one of the servers below on a free port and waits until it accepts
// connections.
func startServer(kind string, args ...string) (*server, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := lis.Addr().String()
	if err := lis.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(self, append([]string{kind, addr}, args...)...), addr: addr}
	s.cmd.Stderr = os.Stderr
	s.cmd.Env = append(os.Environ(), "GOGC=400", "GOMAXPROCS=1") // the same as our own processes in this benchmark
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return s, conn.Close()
		}
	}
	return nil, fmt.Errorf("the %s does not accept", kind)
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) close() error {
	err := s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed
	return err
}

// serveUpstream is the API behind the enforcement surfaces.
func serveUpstream(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: bench upstream-server ADDR")
	}
	return listen(args[0], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, upstreamBody) // the client may have disconnected
	}))
}

// serveProxy is the lower bound of the gateway's cost: the standard library's reverse proxy, with
// enough idle connections.
func serveProxy(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: bench proxy-server ADDR UPSTREAM")
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: args[1]}) },
		Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256},
	}
	return listen(args[0], proxy)
}

func listen(addr string, h http.Handler) error {
	s := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

func readAll(r io.Reader) (int, error) {
	n, err := io.Copy(io.Discard, r)
	return int(n), err
}
