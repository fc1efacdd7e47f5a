package document_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
)

const id = "https://client.example/client.json"

// host is the host of every document.
type host struct {
	mu      sync.Mutex
	body    string
	etag    string
	maxAge  time.Duration
	err     error
	fetches int
	// sent are the ETags of the requests.
	sent []string
	// waits, if not nil, holds responses back, and arrived gets one value for each.
	waits, arrived chan struct{}
}

func (h *host) Fetch(ctx context.Context, _, etag string, _ bool) (document.Fetched, error) {
	h.mu.Lock()
	h.fetches++
	h.sent = append(h.sent, etag)
	waits := h.waits
	h.mu.Unlock()
	if waits != nil {
		h.arrived <- struct{}{}
		select {
		case <-waits:
		case <-ctx.Done():
			return document.Fetched{}, ctx.Err()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.err != nil:
		return document.Fetched{}, h.err
	case etag != "" && etag == h.etag:
		return document.Fetched{Unchanged: true, ETag: etag, MaxAge: h.maxAge}, nil
	}
	return document.Fetched{Body: []byte(h.body), ETag: h.etag, MaxAge: h.maxAge}, nil
}

func (h *host) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fetches
}

// change changes the host's responses.
func (h *host) change(f func(*host)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h)
}

// text returns a valid document of id with some members replaced, given as alternating names and
// JSON values; "" removes a member.
func text(change ...string) string {
	members := map[string]json.RawMessage{
		"client_id": json.RawMessage(`"` + id + `"`), "client_name": json.RawMessage(`"Claude"`),
		"redirect_uris": json.RawMessage(`["https://client.example/cb","http://localhost/callback","http://127.0.0.1/callback"]`),
	}
	for i := 0; i+1 < len(change); i += 2 {
		if members[change[i]] = json.RawMessage(change[i+1]); change[i+1] == "" {
			delete(members, change[i])
		}
	}
	encoded, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func unreadable() error {
	return &document.Failure{Kind: document.Unreadable, Host: "client.example", Detail: "down", Temporary: true}
}

// bench is Documents over a host and a store in memory.
type bench struct {
	*document.Documents
	// withoutOpenID says that the server issues no ID tokens.
	withoutOpenID bool
	host          *host
	clock         *authztest.Clock
	shared        *shortlived.Memory
}

func newBench(t *testing.T, policy document.Policy) bench {
	t.Helper()
	b := bench{host: &host{body: text(), maxAge: time.Minute}, clock: authztest.NewClock()}
	b.shared = shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now})
	b.Documents = b.replica(policy)
	return b
}

// replica returns Documents of another process.
func (b bench) replica(policy document.Policy) *document.Documents {
	return document.New(document.Config{
		Policy: policy, Source: b.host, Entries: b.shared, Now: b.clock.Now,
		Rules: document.Rules{OpenID: !b.withoutOpenID, PrivateUseSchemes: []string{"cursor"}, Imitated: func(name string) string {
			if strings.Contains(strings.ToLower(name), "vidocu") {
				return "Vidocu"
			}
			return ""
		}},
		Scopes: func() oauth.Scope { return oauth.Scope{"videos:read", "jobs:read"} },
	})
}

func listed() document.Policy { return document.Policy{Hosts: []string{"client.example"}} }

func TestN5_6_ADocumentBecomesAPublicUnverifiedClient(t *testing.T) {
	b := newBench(t, listed())
	c, err := b.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != id || c.Name != "client.example (“Claude”)" || c.Type != client.Public || !c.Unverified || !c.SelfRegistered || !c.RunsOnDevice() ||
		c.Disabled || c.ResourceServer || c.RefreshRetry == nil || len(c.RedirectURIs) != 3 || len(c.Scope) != 2 || !c.May("authorization_code") || !c.May("refresh_token") {
		t.Errorf("the client is %+v", c)
	}
}

func TestN5_6_WhatADocumentMaySay(t *testing.T) {
	for what, body := range map[string]string{
		"unknown members":     text("logo_uri", `"https://tracker.example/x.png"`, "contacts", `[1]`, "Client_Secret", `"x"`),
		"no authentication":   text("token_endpoint_auth_method", `"none"`),
		"a choice of methods": text("token_endpoint_auth_method", `"client_secret_basic"`, "token_endpoint_auth_methods_supported", `["none","client_secret_basic"]`),
		"keys at its host":    text("token_endpoint_auth_method", `"private_key_jwt"`, "jwks_uri", `"https://client.example/jwks"`),
		"a device grant too":  text("grant_types", `["authorization_code","urn:ietf:params:oauth:grant-type:device_code"]`),
		"response types":      text("response_types", `["code"]`),
		"a private scheme":    text("redirect_uris", `["cursor://anysphere.cursor-mcp/oauth/callback"]`),
		"another host":        text("redirect_uris", `["https://client.test/cb"]`),
		"the longest name":    text("client_name", `"`+strings.Repeat("é", 100)+`"`),
	} {
		b := newBench(t, listed())
		b.host.body = body
		if c, err := b.Find(t.Context(), id); err != nil || !c.May("authorization_code") {
			t.Errorf("%s: %v", what, err)
		}
	}
	uris := strings.TrimSuffix(strings.Repeat(`"https://client.example/cb",`, 21), ",")
	for what, body := range map[string]string{
		"no JSON": "<html>", "nothing": "", "null": "null", "an array": "[]", "a string": `"x"`, "two objects": text() + "{}", "half": text()[:20],
		"no UTF-8": strings.Replace(text(), "Claude", "Cl\xffude", 1), "a member twice": strings.Replace(text(), "{", `{"client_id":"https://evil.example/c",`, 1),
		"another client":           text("client_id", `"https://client.example/other.json"`),
		"another spelling":         text("client_id", `"https://CLIENT.example/client.json"`),
		"a slash more":             text("client_id", `"https://client.example/client.json/"`),
		"no client_id":             text("client_id", ""),
		"a number as client_id":    text("client_id", "1"),
		"no name":                  text("client_name", ""),
		"an empty name":            text("client_name", `" "`),
		"a long name":              text("client_name", `"`+strings.Repeat("x", 101)+`"`),
		"a name that turns text":   text("client_name", `"Cl\u202eaude"`),
		"a name with a line break": text("client_name", `"Cl\naude"`),
		"a reserved name":          text("client_name", `"Vidocu Login"`),
		"no redirect URIs":         text("redirect_uris", ""),
		"no redirect URI":          text("redirect_uris", "[]"),
		"one redirect URI":         text("redirect_uris", `"https://client.example/cb"`),
		"http":                     text("redirect_uris", `["https://client.example/cb","http://client.example/cb"]`),
		"javascript":               text("redirect_uris", `["javascript:alert(1)"]`),
		"a fragment":               text("redirect_uris", `["https://client.example/cb#x"]`),
		"a wildcard":               text("redirect_uris", `["https://client.example/*"]`),
		"an unknown scheme":        text("redirect_uris", `["vlc://cb"]`),
		"21 redirect URIs":         text("redirect_uris", "["+uris+"]"),
		"a secret":                 text("client_secret", `"x"`),
		"no secret, but a member":  text("client_secret", "null"),
		"an expiry of a secret":    text("client_secret_expires_at", "0"),
		"a secret method":          text("token_endpoint_auth_method", `"client_secret_basic"`),
		"keys nowhere":             text("token_endpoint_auth_method", `"private_key_jwt"`),
		"keys twice":               text("token_endpoint_auth_method", `"private_key_jwt"`, "jwks_uri", `"https://client.example/jwks"`, "jwks", `{"keys":[]}`),
		"no key":                   text("token_endpoint_auth_method", `"private_key_jwt"`, "jwks", `{"keys":[]}`),
		"an unknown algorithm":     text("token_endpoint_auth_method", `"private_key_jwt"`, "jwks_uri", `"https://client.example/jwks"`, "token_endpoint_auth_signing_alg", `"HS256"`),
		"another method":           text("token_endpoint_auth_method", `"tls_client_auth"`),
		"no code grant":            text("grant_types", `["refresh_token"]`),
		"client credentials":       text("grant_types", `["client_credentials"]`),
		"an implicit response":     text("response_types", `["token"]`),
	} {
		b := newBench(t, listed())
		b.host.body = body
		_, err := b.Find(t.Context(), id)
		wantKind(t, what, err, document.Invalid)
		if !errors.Is(err, client.ErrInvalid) || cause.Of(err) != cause.ClientDocumentInvalid {
			t.Errorf("%s: %v is not an invalid client", what, err)
		}
	}
}

// TestN5_6_AHostThatImitatesANameIsRefused unless the operator has listed it.
func TestN5_6_AHostThatImitatesANameIsRefused(t *testing.T) {
	const imitation = "https://login-vidocu.example/client.json"
	body := strings.ReplaceAll(text("client_id", `"`+imitation+`"`), "client.example", "login-vidocu.example")
	for name, row := range map[string]struct {
		policy  document.Policy
		refused bool
	}{"an open policy": {document.Policy{Open: true}, true}, "a listed host": {document.Policy{Hosts: []string{"login-vidocu.example"}}, false}} {
		b := newBench(t, row.policy)
		b.host.body = body
		_, err := b.Find(t.Context(), imitation)
		if refused := errors.Is(err, client.ErrInvalid); refused != row.refused || !refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestN5_6_UsersSeeAddressesOfTheHostAlone: another host would lend the client its good name.
func TestN5_6_UsersSeeAddressesOfTheHostAlone(t *testing.T) {
	for host, shown := range map[string]bool{"client.example": true, "good-name.example": false, "client.example.evil.example": false, "www.client.example": false} {
		b := newBench(t, listed())
		b.host.body = text("client_uri", `"https://`+host+`/"`, "policy_uri", `"https://`+host+`/privacy"`, "tos_uri", `"https://`+host+`/terms"`)
		c, err := b.Find(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{c.Identity.ClientURI, c.Identity.PolicyURI, c.Identity.TermsURI} {
			if (address != "") != shown {
				t.Errorf("%s: users see %q", host, address)
			}
		}
	}
}

// TestN5_7_AnOpenPolicyRequiresOneHost: otherwise a document could send users to any site.
func TestN5_7_AnOpenPolicyRequiresOneHost(t *testing.T) {
	for body, ok := range map[string]bool{
		text(): true, text("redirect_uris", `["http://localhost/callback"]`): true, text("redirect_uris", `["cursor://x/cb"]`): true,
		text("redirect_uris", `["https://client.example/cb","https://other.example/cb"]`): false, text("redirect_uris", `["https://a.client.example/cb"]`): false,
		text("redirect_uris", `["https://client.example:8443/cb"]`): false, text("redirect_uris", `["https://client.example.evil.example/cb"]`): false,
	} {
		b := newBench(t, document.Policy{Open: true})
		b.host.body = body
		if _, err := b.Find(t.Context(), id); ok != (err == nil) {
			t.Errorf("%s: %v, want success %v", body, err, ok)
		}
	}
	b := newBench(t, document.Policy{Open: true})
	b.host.body = text("token_endpoint_auth_method", `"private_key_jwt"`, "jwks_uri", `"https://victim.example/jwks"`)
	_, err := b.Find(t.Context(), id)
	wantKind(t, "keys at another host", err, document.Invalid)
	_, err = b.Find(t.Context(), "https://vidocu-login.example/c")
	wantKind(t, "a host that looks like ours", err, document.Invalid)
}

// TestN5_4_AHerdFetchesOnce: a hundred requests at once.
func TestN5_4_AHerdFetchesOnce(t *testing.T) {
	b := newBench(t, listed())
	b.host.waits, b.host.arrived = make(chan struct{}), make(chan struct{}, 100)
	var herd sync.WaitGroup
	for range 100 {
		herd.Go(func() {
			if c, err := b.Find(t.Context(), id); err != nil || c.ID != id {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
	<-b.host.arrived
	close(b.host.waits)
	herd.Wait()
	if n := b.host.count(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// TestN5_4_AFailureIsNotCached: the next request asks the host again.
func TestN5_4_AFailureIsNotCached(t *testing.T) {
	b := newBench(t, listed())
	b.host.err = unreadable()
	for range 2 {
		_, err := b.Find(t.Context(), id)
		wantKind(t, "a host that is down", err, document.Unreadable)
		if errors.Is(err, client.ErrInvalid) || errors.Is(err, client.ErrUnknown) {
			t.Errorf("%v says something about the client", err)
		}
	}
	b.host.change(func(h *host) { h.err = nil })
	if _, err := b.Find(t.Context(), id); err != nil || b.host.count() != 3 {
		t.Errorf("%v after %d fetches", err, b.host.count())
	}
}

// TestN5_5_ACopyIsUsedForItsMaxAge, by every replica, and then revalidated by its ETag.
func TestN5_5_ACopyIsUsedForItsMaxAge(t *testing.T) {
	b := newBench(t, listed())
	b.host.etag, b.host.maxAge = `"1"`, time.Hour
	other := b.replica(listed())
	find := func(d *document.Documents, fetches int) client.Registration {
		t.Helper()
		c, err := d.Find(t.Context(), id)
		if err != nil || b.host.count() != fetches {
			t.Fatalf("%v after %d fetches, want %d", err, b.host.count(), fetches)
		}
		return c
	}
	find(b.Documents, 1)
	find(other, 1)
	b.clock.Advance(59 * time.Minute)
	find(b.Documents, 1)
	b.clock.Advance(2 * time.Minute)
	if c := find(b.Documents, 2); c.Name != "client.example (“Claude”)" {
		t.Errorf("a document that is the same becomes %+v", c)
	}
	find(other, 2)
	b.host.change(func(h *host) { h.body, h.etag = text("client_name", `"Claude 2"`), `"2"` })
	b.clock.Advance(time.Hour)
	if c := find(b.Documents, 3); c.Name != "client.example (“Claude 2”)" {
		t.Errorf("a document that changed becomes %+v", c)
	}
	if got := fmt.Sprint(b.host.sent); got != `[ "1" "1"]` {
		t.Errorf("the ETags of the requests are %s", got)
	}
}

// TestN5_9_AClientWithTokensOutlivesAnOutage: for a day, with one request for the document every
// half minute. New authorizations need the document.
func TestN5_9_AClientWithTokensOutlivesAnOutage(t *testing.T) {
	b := newBench(t, listed())
	if _, err := b.Credentials(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.host.change(func(h *host) { h.err = unreadable() })
	b.clock.Advance(time.Hour)
	for range 10 {
		if c, err := b.Credentials(t.Context(), id); err != nil || c.ID != id {
			t.Errorf("during an outage: %+v, %v", c, err)
		}
	}
	if n := b.host.count(); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
	if _, err := b.replica(listed()).Credentials(t.Context(), id); err != nil {
		t.Errorf("another replica: %v", err)
	}
	_, err := b.Find(t.Context(), id)
	wantKind(t, "a new authorization", err, document.Unreadable)
	b.clock.Advance(23*time.Hour + time.Minute)
	_, err = b.Credentials(t.Context(), id)
	wantKind(t, "after a day", err, document.Unreadable)
}

// TestN5_9_ADocumentThatSaysNoIsObeyed: a copy does not outlive a document that describes no client.
func TestN5_9_ADocumentThatSaysNoIsObeyed(t *testing.T) {
	b := newBench(t, listed())
	if _, err := b.Credentials(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.host.change(func(h *host) { h.body = "{}" })
	b.clock.Advance(2 * time.Minute)
	_, err := b.Credentials(t.Context(), id)
	wantKind(t, "a document that is empty", err, document.Invalid)
	b.host.change(func(h *host) { h.err = unreadable() })
	_, err = b.Credentials(t.Context(), id)
	wantKind(t, "an outage after it", err, document.Unreadable)
}

func TestN5_1_WithoutDocumentsAURLIsAnUnknownClient(t *testing.T) {
	b := newBench(t, document.Policy{})
	if _, err := b.Find(t.Context(), id); !errors.Is(err, client.ErrUnknown) || b.host.count() != 0 {
		t.Errorf("%v after %d fetches", err, b.host.count())
	}
}

// TestACallerThatLeavesDoesNotEndTheFlight: others wait for it.
func TestACallerThatLeavesDoesNotEndTheFlight(t *testing.T) {
	b := newBench(t, listed())
	b.host.waits, b.host.arrived = make(chan struct{}), make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := b.Find(ctx, id)
		left <- err
	}()
	<-b.host.arrived
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that left got %v", err)
	}
	close(b.host.waits)
	if _, err := b.Find(t.Context(), id); err != nil || b.host.count() > 2 {
		t.Errorf("%v after %d fetches", err, b.host.count())
	}
}
