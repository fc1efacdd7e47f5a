package attack

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// The media types of request bodies.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// httpRequest is a request; an empty field takes its usual value.
type httpRequest struct {
	Method, Path, Type, Body string
	// Header holds further headers, as pairs of name and value; names are sent unchanged.
	Header []string
	// From is the source address; each attack uses its own, so that no other test is throttled.
	From string
}

// send sends a request unchanged and returns the response. A transport error fails the test.
func send(t *testing.T, s httpRequest) harness.Response {
	t.Helper()
	a, err := trySend(s)
	expect.NoError(t, err)
	return a
}

func trySend(s httpRequest) (harness.Response, error) {
	if s.Method == "" {
		s.Method = http.MethodPost
	}
	req, err := http.NewRequest(s.Method, shared.PublicURL, strings.NewReader(s.Body))
	if err != nil {
		return harness.Response{}, err
	}
	req.URL.Opaque = s.Path // the path is not cleaned
	if path, query, found := strings.Cut(s.Path, "?"); found {
		req.URL.Opaque, req.URL.RawQuery = path, query
	}
	if s.Type != "" {
		req.Header.Set("Content-Type", s.Type)
	}
	for i := 0; i < len(s.Header); i += 2 {
		req.Header[s.Header[i]] = append(req.Header[s.Header[i]], s.Header[i+1])
	}
	return sendFrom(req, s.From)
}

// sendFrom sends a request from an address of the loopback network.
func sendFrom(req *http.Request, from string) (harness.Response, error) {
	client := &http.Client{
		Timeout: 2 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: local(from)}).DialContext, DisableKeepAlives: from != ""},
	}
	if from == "" {
		client.Transport = ordinary()
	}
	res, err := client.Do(req)
	if err != nil {
		return harness.Response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	a := harness.Response{Status: res.StatusCode, Header: res.Header, Raw: string(body), Closed: res.Close}
	_ = json.Unmarshal(body, &a.Body) // a body that is not an object leaves Body empty
	return a, err
}

func ordinary() http.RoundTripper { return http.DefaultTransport }

func local(from string) net.Addr {
	if from == "" {
		return nil
	}
	return &net.TCPAddr{IP: net.ParseIP(from)}
}

// connect opens a connection to the public listener.
func connect(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", publicAddr())
	expect.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func publicAddr() string { return strings.TrimPrefix(shared.PublicURL, "http://") }

// reply is the server's reply to raw bytes.
type reply struct {
	// Responses are the responses in order; Closed reports whether the server closed the connection
	// after them.
	Responses []harness.Response
	Closed    bool
}

// status returns the first response's status; 0 when there is none.
func (r reply) status() int {
	if len(r.Responses) == 0 {
		return 0
	}
	return r.Responses[0].Status
}

// patience is the timeout for a response or the end of the connection, on a busy machine. silence is
// the time after which a server that does not announce the end of the connection sends no more.
const (
	patience = 2 * time.Minute
	silence  = 10 * time.Second
)

// exchange sends raw bytes and reads responses until the server closes the connection or sends no
// more.
func exchange(t *testing.T, text string) reply {
	t.Helper()
	conn := connect(t)
	_, err := io.WriteString(conn, text)
	expect.NoError(t, err)
	var r reply
	in := bufio.NewReader(conn)
	for {
		wait := silence
		if n := len(r.Responses); n == 0 || r.Responses[n-1].Closed {
			wait = patience
		}
		expect.NoError(t, conn.SetReadDeadline(time.Now().Add(wait)))
		if _, err := in.Peek(1); err != nil {
			r.Closed = !errors.Is(err, os.ErrDeadlineExceeded)
			return r
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("the reply is not an HTTP response: %v", err)
		}
		expect.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
		body, _ := io.ReadAll(res.Body)
		a := harness.Response{Status: res.StatusCode, Header: res.Header, Raw: string(body), Closed: res.Close}
		_ = json.Unmarshal(body, &a.Body) // a body that is not an object leaves Body empty
		r.Responses = append(r.Responses, a)
	}
}

// tokenRequest returns a refresh request that is valid except for its token.
func tokenRequest(refresh string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh},
		"client_id": {harness.ConfidentialID}, "client_secret": {harness.ConfidentialPW},
	}
}

// wantServing checks that the product works, before and after an attack: it issues tokens, uses one
// at the API, and returns them.
func wantServing(t *testing.T) harness.Tokens {
	t.Helper()
	tokens, err := shared.Issue(shared.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	a := send(t, httpRequest{Method: http.MethodGet, Path: "/v1/videos", Header: []string{"Authorization", "Bearer " + tokens.Access}})
	expect.Equal(t, "status of the API for a live token", a.Status, http.StatusOK)
	return tokens
}

// wantOurShape checks that a refusal has its endpoint's own error shape, whatever the status.
func wantOurShape(t *testing.T, what, path string, a harness.Response) {
	t.Helper()
	switch {
	case strings.HasPrefix(path, "/api/v1/user"):
		if a.Text("name") == "" || a.Text("incidentId") == "" {
			t.Errorf("%s: %d %.300s is not the user API's shape", what, a.Status, a.Raw)
		}
	case strings.HasPrefix(path, "/oauth/authorize"), strings.HasPrefix(path, "/signin"), strings.HasPrefix(path, "/consent"), strings.HasPrefix(path, "/account"):
	default:
		if a.Code() == "" {
			t.Errorf("%s: %d %.300s is in no dialect", what, a.Status, a.Raw)
		}
	}
}
