package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// connections is how many requests of the flood are in flight at most.
const connections = 8

// refusedAddress begins the redirect address of every request, which is not registered.
const refusedAddress = "https://other.example/"

// sender sends refused authorization requests, each of another kind. It writes prepared bytes to its own
// connections, so that it takes little of the CPU time that it shares with the processes.
type sender struct {
	addr          string
	before, after string
	perMinute     int
	// sent numbers the requests.
	sent *atomic.Int64
}

// newSender returns a sender of requests that name a client, with a value that the log must not have.
func newSender(gateway, client, sentinel string, perMinute int, sent *atomic.Int64) sender {
	query := url.Values{
		"client_id": {client}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {sentinel}, "code": {sentinel},
	}
	addr := strings.TrimPrefix(gateway, "http://")
	return sender{
		addr: addr, perMinute: perMinute, sent: sent,
		before: "GET /oauth/authorize?" + query.Encode() + "&redirect_uri=" + url.QueryEscape(refusedAddress),
		after:  url.QueryEscape("?code="+sentinel) + " HTTP/1.1\r\nHost: " + addr + "\r\nAccept: text/html\r\n\r\n",
	}
}

// run sends requests at the constant rate until ctx ends, and returns the number of those that were
// refused. Requests that are late are sent at once.
func (s sender) run(ctx context.Context) (int64, error) {
	var (
		refused atomic.Int64
		sending sync.WaitGroup
		failed  = make(chan error, connections)
		start   = time.Now()
		taken   atomic.Int64
	)
	for range connections {
		sending.Go(func() {
			err := s.send(ctx, &refused, func() time.Time {
				return start.Add(time.Duration(taken.Add(1)-1) * time.Minute / time.Duration(s.perMinute))
			})
			if err != nil {
				failed <- err
			}
		})
	}
	sending.Wait()
	close(failed)
	return refused.Load(), <-failed
}

// send sends requests on one connection, each at the time that next returns.
func (s sender) send(ctx context.Context, refused *atomic.Int64, next func() time.Time) error {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // every response was read
	in := bufio.NewReader(conn)
	var out []byte
	for ctx.Err() == nil {
		time.Sleep(time.Until(next()))
		out = append(out[:0], s.before...)
		out = strconv.AppendInt(out, s.sent.Add(1), 10)
		out = append(out, s.after...)
		if _, err := conn.Write(out); err != nil {
			return err
		}
		if err := readRefusal(in); err != nil {
			return err
		}
		refused.Add(1)
	}
	return nil
}

// readRefusal reads a response, which must be a refusal.
func readRefusal(in *bufio.Reader) error {
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusBadRequest {
		return fmt.Errorf("a request with an address that is not registered returned %s", res.Status)
	}
	return nil
}
