package authz_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// documentHost is a host of documents on this machine: /client.json is one, /slow… waits for release, and
// nothing else exists.
type documentHost struct {
	url      string
	requests atomic.Int64
	down     atomic.Bool
	// arrived gets one value for each request that waits.
	arrived, release chan struct{}
}

func newDocumentHost(t *testing.T) *documentHost {
	t.Helper()
	h := &documentHost{arrived: make(chan struct{}, 1000), release: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		switch {
		case strings.HasPrefix(r.URL.Path, "/slow"):
			h.arrived <- struct{}{}
			select {
			case <-h.release:
			case <-r.Context().Done():
			}
			http.NotFound(w, r)
		case r.URL.Path != "/client.json" || h.down.Load():
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{
				"client_id": h.url + "/client.json", "client_name": "ChatGPT", "redirect_uris": []string{"http://127.0.0.1/cb"},
			})
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(h.release) })
	h.url = server.URL
	return h
}

func (h *documentHost) host() string { return strings.TrimPrefix(h.url, "http://") }

// strangers are the calls that anyone can cause.
type strangers struct {
	clock   *authztest.Clock
	token   string
	starts  authzv1.AuthorizationServiceClient
	logouts authzv1.LogoutServiceClient
	devices authzv1.DeviceServiceClient
}

func newStrangers(t *testing.T, listed ...*documentHost) strangers {
	t.Helper()
	s := strangers{clock: authztest.NewClock(), token: secret.NewCode().Reveal()}
	var hosts []string
	for _, h := range listed {
		hosts = append(hosts, h.host())
	}
	network := serveDocuments(t, s.clock, hosts...)
	s.starts = authzv1.NewAuthorizationServiceClient(dial(t, network, "gateway", "authz"))
	s.logouts = authzv1.NewLogoutServiceClient(dial(t, network, "gateway", "authz"))
	s.devices = authzv1.NewDeviceServiceClient(dial(t, network, "token", "authz"))
	return s
}

// authorize starts an authorization of a client and returns the text and names of the page of an error;
// empty for none.
func (s strangers) authorize(t *testing.T, id, source string) string {
	t.Helper()
	query := url.Values{
		"client_id": {id}, "redirect_uri": {"http://127.0.0.1:1234/cb"}, "response_type": {"code"}, "scope": {"videos:read"}, "state": {"s"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
	}
	res, err := s.starts.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
		RawQuery: query.Encode(), BrowserToken: s.token, SourceAddress: source,
	})
	if err != nil {
		t.Errorf("starting an authorization: %v", err)
	}
	page := res.GetStep().GetErrorPage()
	if page == nil {
		return ""
	}
	return page.GetMessage() + strings.Join(page.GetNames(), " ")
}

// TestN5_4_FailedRequestsOfStrangersDoNotBlockAKnownDocument of the same host: it is revalidated when its
// max-age has ended, also for those who share the stranger's address.
func TestN5_4_FailedRequestsOfStrangersDoNotBlockAKnownDocument(t *testing.T) {
	for _, listed := range []bool{true, false} {
		host := newDocumentHost(t)
		s := newStrangers(t)
		if listed {
			s = newStrangers(t, host)
		}
		id := host.url + "/client.json"
		if page := s.authorize(t, id, "203.0.113.1"); page != "" {
			t.Fatalf("listed %v, at first: %s", listed, page)
		}
		s.clock.Advance(2 * time.Minute)
		for i := range 100 {
			_ = s.authorize(t, fmt.Sprintf("%s/none-%d.json", host.url, i), fmt.Sprintf("192.0.2.%d", i/6))
		}
		for i := range 100 {
			_ = s.authorize(t, fmt.Sprintf("%s/none-%d.json", host.url, i), "203.0.113.1")
		}
		before := host.requests.Load()
		for _, source := range []string{"198.51.100.1", "203.0.113.1"} {
			s.clock.Advance(2 * time.Second)
			if page := s.authorize(t, id, source); page != "" {
				t.Errorf("listed %v, from %s: %s", listed, source, page)
			}
		}
		if sent := host.requests.Load() - before; sent != 1 {
			t.Errorf("listed %v: %d requests, want one", listed, sent)
		}
	}
}

// TestN5_4_SlowHostsOfStrangersHoldNoSlotsOfOthers: as many requests as a process sends to hosts that
// are not listed wait, and a document of a listed host is read, and a known one revalidated.
func TestN5_4_SlowHostsOfStrangersHoldNoSlotsOfOthers(t *testing.T) {
	slow, listed, known := newDocumentHost(t), newDocumentHost(t), newDocumentHost(t)
	s := newStrangers(t, listed)
	if page := s.authorize(t, known.url+"/client.json", "198.51.100.1"); page != "" {
		t.Fatal(page)
	}
	s.clock.Advance(2 * time.Minute)
	var attack sync.WaitGroup
	defer attack.Wait()
	const slots = 64
	for i := range slots {
		id, source := fmt.Sprintf("%s/slow-%d.json", slow.url, i), fmt.Sprintf("192.0.2.%d", i%16)
		if i >= slots/2 { // the budget of one host is smaller than the slots
			id = fmt.Sprintf("%s/slow-%d.json", known.url, i)
		}
		attack.Go(func() { _ = s.authorize(t, id, source) })
	}
	for range slots / 2 {
		<-slow.arrived
		<-known.arrived
	}
	for _, id := range []string{listed.url + "/client.json", known.url + "/client.json"} {
		if page := s.authorize(t, id, "203.0.113.1"); page != "" {
			t.Errorf("%s: %s", id, page)
		}
	}
}

// TestN5_4_ALogoutRequestsNoDocument: it names a client without any proof. A client of which there is no
// copy is logged out without its name.
func TestN5_4_ALogoutRequestsNoDocument(t *testing.T) {
	host := newDocumentHost(t)
	s := newStrangers(t, host)
	id := host.url + "/client.json"
	check := func(id, address string) (*authzv1.CheckLogoutResponse, error) {
		return s.logouts.CheckLogout(t.Context(), &authzv1.CheckLogoutRequest{ClientId: id, PostLogoutRedirectUri: address})
	}
	if res, err := check(id, ""); err != nil || res.GetClientName() != "" {
		t.Errorf("a document without a copy: %v, %v", res, err)
	}
	if n := host.requests.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := check(id, host.url+"/bye"); oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST {
		t.Errorf("an address: %v", err)
	}
	if _, err := check("https://user@client.example/c", ""); oerr.Reason(err) != errorv1.Reason_REASON_NOT_FOUND {
		t.Errorf("a document that is not accepted: %v", err)
	}
	if page := s.authorize(t, id, "198.51.100.1"); page != "" {
		t.Fatal(page)
	}
	s.clock.Advance(time.Hour)
	if res, err := check(id, ""); err != nil || !strings.Contains(res.GetClientName(), "ChatGPT") {
		t.Errorf("a document with a copy: %v, %v", res, err)
	}
	if n := host.requests.Load(); n != 1 {
		t.Errorf("%d requests, want that of the authorization alone", n)
	}
}

// TestN5_4_EverySourceIsLimited, also one that is not known.
func TestN5_4_EverySourceIsLimited(t *testing.T) {
	for _, source := range []string{"192.0.2.1", ""} {
		hosts := []*documentHost{newDocumentHost(t), newDocumentHost(t)}
		s := newStrangers(t, hosts...)
		for i := range 100 { // the budget of each host is not exhausted
			_ = s.authorize(t, fmt.Sprintf("%s/none-%d.json", hosts[i%2].url, i), source)
		}
		if n := hosts[0].requests.Load() + hosts[1].requests.Load(); n != 60 {
			t.Errorf("source %q: %d requests, want 60", source, n)
		}
	}
}

// TestN5_4_ADeviceIsLimitedByItsSource also after its authentication, for which a copy suffices while the
// document cannot be read.
func TestN5_4_ADeviceIsLimitedByItsSource(t *testing.T) {
	host := newDocumentHost(t)
	s := newStrangers(t, host)
	id := host.url + "/client.json"
	// requested reports whether the start of a device requested the document.
	requested := func(source string) bool {
		before := host.requests.Load()
		_, err := s.devices.StartDeviceAuthorization(t.Context(), &authzv1.StartDeviceAuthorizationRequest{
			Client: &authzv1.AuthenticateClientRequest{Credentials: []*authzv1.ClientCredentials{{ClientId: id}}, SourceAddress: source}, Scope: "videos:read",
		})
		if err == nil {
			t.Error("the client of a document starts a device")
		}
		return host.requests.Load() > before
	}
	if !requested("192.0.2.1") {
		t.Fatal("the document is not requested at first")
	}
	s.clock.Advance(time.Hour)
	host.down.Store(true)
	for n := 0; requested("192.0.2.1"); n++ {
		if s.clock.Advance(2 * time.Second); n > 150 { // the budget of the document is not exhausted
			t.Fatal("an address causes any number of requests")
		}
	}
	if !requested("198.51.100.1") {
		t.Error("a device at another address is refused")
	}
}
