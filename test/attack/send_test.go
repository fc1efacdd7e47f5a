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

	"github.com/vidocu/usher/test/harness"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The media types.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// sent is a request; the zero value of a field takes the usual one.
type sent struct {
	Method, Path, Type, Body string
	// Header are further headers, as pairs; names go out as they stand.
	Header []string
	// From is the source address; each attacker has one of its own, so that nobody else is throttled.
	From string
}

// send sends a request as it stands and answers what came. A transport's failure ends the test.
func send(t *testing.T, s sent) harness.Response {
	t.Helper()
	a, err := try(s)
	must(t, err)
	return a
}

func try(s sent) (harness.Response, error) {
	if s.Method == "" {
		s.Method = http.MethodPost
	}
	req, err := http.NewRequest(s.Method, shared.PublicURL, strings.NewReader(s.Body))
	if err != nil {
		return harness.Response{}, err
	}
	req.URL.Opaque = s.Path // not cleaned
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

// sendFrom sends from an address of the loopback network.
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
	_ = json.Unmarshal(body, &a.Body) // what is no object has no members
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
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func publicAddr() string { return strings.TrimPrefix(shared.PublicURL, "http://") }

// reply is what came back for raw bytes.
type reply struct {
	// Answers are those that came, in order; Closed says that the server ended the connection after them.
	Answers []harness.Response
	Closed  bool
}

// status is the first answer's; 0 when none came.
func (r reply) status() int {
	if len(r.Answers) == 0 {
		return 0
	}
	return r.Answers[0].Status
}

// The time for a first answer, which a busy machine may need, and for another one or the end of the connection.
const (
	patience = 2 * time.Minute
	silence  = 3 * time.Second
)

// exchange sends raw bytes and reads answers until the server ends the connection or is silent.
func exchange(t *testing.T, text string) reply {
	t.Helper()
	conn := connect(t)
	_, err := io.WriteString(conn, text)
	must(t, err)
	var r reply
	in := bufio.NewReader(conn)
	for {
		wait := silence
		if len(r.Answers) == 0 {
			wait = patience
		}
		must(t, conn.SetReadDeadline(time.Now().Add(wait)))
		if _, err := in.Peek(1); err != nil {
			r.Closed = !errors.Is(err, os.ErrDeadlineExceeded)
			return r
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("what came is no answer: %v", err)
		}
		must(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		body, _ := io.ReadAll(res.Body)
		a := harness.Response{Status: res.StatusCode, Header: res.Header, Raw: string(body), Closed: res.Close}
		_ = json.Unmarshal(body, &a.Body) // likewise
		r.Answers = append(r.Answers, a)
	}
}

// tokenRequest is a refresh that is right but for its token.
func tokenRequest(refresh string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh},
		"client_id": {harness.ConfidentialID}, "client_secret": {harness.ConfidentialPW},
	}
}

// alive says that the product works, before and after an attack.
func alive(t *testing.T) harness.Tokens {
	t.Helper()
	tokens, err := shared.Issue(shared.NewBrowser(), harness.Request{})
	must(t, err)
	a := send(t, sent{Method: http.MethodGet, Path: "/v1/videos", Header: []string{"Authorization", "Bearer " + tokens.Access}})
	want(t, "status of the API for a live token", a.Status, http.StatusOK)
	return tokens
}

// wantOurShape holds a refusal of an endpoint to its own error shape, whatever the status.
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
