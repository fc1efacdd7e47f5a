package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
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

// sender sends refused authorization requests, each of another kind, from a process of its own. It writes
// prepared bytes to its own connections, and its process has the lowest priority: a flood comes from another
// machine, so that the sender may only take the CPU time that the other processes leave.
type sender struct {
	Addr          string
	Before, After string
	PerMinute     int
	// Sent numbers the requests: it is how many were sent before.
	Sent int64
	// Length is how long it sends.
	Length time.Duration
}

// sending is what a sender did.
type sending struct {
	// Sent is how many requests were sent, and Refused how many of them had the response that they must have.
	Sent, Refused int64
	Error         string
}

// newSender returns a sender of requests that name a client, with a value that the log must not have.
func (m *measurement) newSender(gateway, client string, sent int64) sender {
	query := url.Values{
		"client_id": {client}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {m.sentinel}, "code": {m.sentinel},
	}
	addr := strings.TrimPrefix(gateway, "http://")
	return sender{
		Addr: addr, PerMinute: m.perMinute, Sent: sent, Length: m.length,
		Before: "GET /oauth/authorize?" + query.Encode() + "&redirect_uri=" + url.QueryEscape(refusedAddress),
		After:  url.QueryEscape("?code="+m.sentinel) + " HTTP/1.1\r\nHost: " + addr + "\r\nAccept: text/html\r\n\r\n",
	}
}

// start runs the sender in a process, and returns a function that waits for its end.
func (s sender) start(ctx context.Context) (func() (sending, error), error) {
	if s.Addr == "" {
		return func() (sending, error) { return sending{}, nil }, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	task, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	child := exec.CommandContext(ctx, "nice", "-n", "19", self, "-send")
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(task), &out, os.Stderr
	if err := child.Start(); err != nil {
		return nil, err
	}
	return func() (done sending, err error) {
		if err := child.Wait(); err != nil {
			return done, err
		}
		if err := json.Unmarshal(out.Bytes(), &done); err != nil {
			return done, err
		}
		if done.Error != "" {
			return done, errors.New(done.Error)
		}
		return done, nil
	}, nil
}

// send is the process of a sender: it reads what to do, and prints what it did.
func send(ctx context.Context, in io.Reader, out io.Writer) error {
	var s sender
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Length)
	defer cancel()
	first := s.Sent
	refused, err := s.run(ctx)
	done := sending{Sent: s.Sent - first, Refused: refused}
	if err != nil {
		done.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(done)
}

// run sends requests at the constant rate until ctx ends, and returns the number of those that were
// refused. Requests that are late are sent at once.
func (s *sender) run(ctx context.Context) (int64, error) {
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
				return start.Add(time.Duration(taken.Add(1)-1) * time.Minute / time.Duration(s.PerMinute))
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
func (s *sender) send(ctx context.Context, refused *atomic.Int64, next func() time.Time) error {
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // every response was read
	in := bufio.NewReader(conn)
	var out []byte
	for ctx.Err() == nil {
		time.Sleep(time.Until(next()))
		out = append(out[:0], s.Before...)
		out = strconv.AppendInt(out, atomic.AddInt64(&s.Sent, 1), 10)
		out = append(out, s.After...)
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
