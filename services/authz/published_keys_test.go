package authz_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/services/authz"
)

// publisher serves a client's keys.
type publisher struct {
	*httptest.Server

	reads atomic.Int64
	mu    sync.Mutex
	// set is the document; empty is a failure. maxAge is its Cache-Control.
	set, maxAge string
	// hold blocks each response until it is sent to; nil blocks none.
	hold chan struct{}
}

func newPublisher(t *testing.T, set string) *publisher {
	t.Helper()
	p := &publisher{set: set, maxAge: "max-age=600"}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.reads.Add(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.hold != nil {
			<-p.hold
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", p.maxAge)
		if p.set == "" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte(p.set))
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) publish(set string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = set
}

func (p *publisher) wantReads(t *testing.T, when string, want int64) {
	t.Helper()
	if got := p.reads.Load(); got != want {
		t.Errorf("%s: the address was read %d times, want %d", when, got, want)
	}
}

// newPublishedBench has a client that publishes its keys.
func newPublishedBench(t *testing.T) (keyBench, *publisher) {
	t.Helper()
	key := josetest.New(t, "ES256", "first")
	p := newPublisher(t, josetest.Set(key))
	inDevelopment := func(d *authz.Deps) { d.Fetcher = fetch.New(fetch.Options{Loopback: true}) }
	return newKeyBenchOn(t, newBench(t, inDevelopment), key, publishedAt(p.URL)), p
}

func publishedAt(address string) func(*authzv1.CreateClientRequest) {
	return func(r *authzv1.CreateClientRequest) { r.Jwks, r.JwksUri = "", address+"/keys" }
}

func wantUnreadable(t *testing.T, what string, err error) {
	t.Helper()
	if oerr.Reason(err) != errorv1.Reason_REASON_UNAVAILABLE || oerr.Cause(err) != errorv1.Cause_CAUSE_CLIENT_KEYS_UNREADABLE ||
		oerr.RetryAfter(err) != time.Minute {
		t.Errorf("%s: %v (%s, after %s), want that the keys cannot be read", what, err, oerr.Cause(err), oerr.RetryAfter(err))
	}
}

func TestN6_6_PublishedKeysAreReadWhenTheyAreTooOldOrAKidIsUnknown(t *testing.T) {
	b, p := newPublishedBench(t)
	for range 3 {
		wantAccepted(t, "a published key", b.present(t, b.key.Sign(t, nil, b.claims())))
	}
	p.wantReads(t, "three assertions", 1)
	second := josetest.New(t, "EdDSA", "second")
	p.publish(josetest.Set(b.key, second))
	for range 3 {
		wantCause(t, "a new key at once", b.present(t, second.Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_ASSERTION_KEY_UNKNOWN)
	}
	p.wantReads(t, "an unknown kid within a minute", 1)
	b.clock.Advance(time.Minute)
	wantAccepted(t, "a new key after a minute", b.present(t, second.Sign(t, nil, b.claims())))
	p.wantReads(t, "an unknown kid after a minute", 2)
	for _, kid := range []string{"a", "b", "c"} {
		wantCause(t, "a kid that is not there", b.present(t, second.Named(kid).Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_ASSERTION_KEY_UNKNOWN)
	}
	p.wantReads(t, "kids that are not there", 2)
	p.publish(josetest.Set(second))
	b.clock.Advance(10*time.Minute - time.Second)
	wantAccepted(t, "a key within its max-age", b.present(t, b.key.Sign(t, nil, b.claims())))
	b.clock.Advance(time.Second)
	wantCause(t, "a key that was removed", b.present(t, b.key.Sign(t, nil, b.claims())), errorv1.Cause_CAUSE_ASSERTION_KEY_UNKNOWN)
	p.wantReads(t, "after max-age", 3)
}

func TestN6_6_KeysThatCannotBeReadAreNoWrongAssertion(t *testing.T) {
	b, p := newPublishedBench(t)
	p.publish("")
	text := b.key.Sign(t, nil, b.claims("exp", b.clock.Now().Add(5*time.Minute).Unix()))
	for range 3 {
		wantUnreadable(t, "403", b.present(t, text))
	}
	p.wantReads(t, "failures within a minute", 1)
	for i, set := range []string{"[]", `{"keys":{}}`, "x", `{"keys":[],"keys":[]}`, `{"x":"` + strings.Repeat("x", 64<<10) + `"}`} {
		p.publish(set)
		b.clock.Advance(time.Minute)
		text = b.key.Sign(t, nil, b.claims())
		wantUnreadable(t, set[:1], b.present(t, text))
		p.wantReads(t, "a document that is no JWK Set", int64(i)+2)
	}
	p.publish(`{"keys":[{"kty":"oct","k":"AAAA","kid":"first"},{"kty":"EC","use":"enc","kid":"first"},{"kty":"x"},1,` + b.key.JWK() + `]}`)
	b.clock.Advance(time.Minute)
	text = b.key.Sign(t, nil, b.claims())
	wantAccepted(t, "a key among others", b.present(t, text))
}

func TestN6_6_KeysThatCannotBeReadAnyMoreAreUsedForADay(t *testing.T) {
	b, p := newPublishedBench(t)
	wantAccepted(t, "at first", b.present(t, b.key.Sign(t, nil, b.claims())))
	p.publish("")
	b.clock.Advance(24 * time.Hour)
	wantAccepted(t, "a day later", b.present(t, b.key.Sign(t, nil, b.claims())))
	p.wantReads(t, "a day later", 2)
	b.clock.Advance(time.Second)
	wantUnreadable(t, "after a day", b.present(t, b.key.Sign(t, nil, b.claims())))
}

// TestN6_6_OneReadAtATime: concurrent assertions wait for one read.
func TestN6_6_OneReadAtATime(t *testing.T) {
	b, p := newPublishedBench(t)
	p.hold = make(chan struct{})
	go func() { p.hold <- struct{}{} }() // once the read has begun; the others wait for it, or find the keys
	texts := make([]string, 16)
	for i := range texts {
		texts[i] = b.key.Sign(t, nil, b.claims())
	}
	racetest.Run(len(texts), func(i int) { wantAccepted(t, "concurrently", b.present(t, texts[i])) })
	p.wantReads(t, "concurrent assertions", 1)
}

// TestN6_Trap_AKeyAddressReachesNoHostOfOurs: an address of keys would otherwise be a request in the
// client's name from within our network (keycloak#51219).
func TestN6_Trap_AKeyAddressReachesNoHostOfOurs(t *testing.T) {
	key := josetest.New(t, "ES256", "first")
	inside := newPublisher(t, josetest.Set(key))
	b := newKeyBenchOn(t, newBench(t), key)
	for _, address := range []string{
		inside.URL, "http://keys.test/", "https://user@keys.test/", "https://keys.test/#x", "https://keys.test/a/../b", "https://keys.test:8443/",
		"file:///etc/passwd", "ftp://keys.test/", "//keys.test/", "keys", "https://" + strings.Repeat("x", 512) + ".test/",
	} {
		_, err := b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: keyClient, JwksUri: address})
		if oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST || oerr.Field(err) != "jwks_uri" {
			t.Errorf("%s: %v, want it refused", address, err)
		}
	}
	for _, address := range []string{"https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/latest", "https://localhost/"} {
		// The name is resolved where the keys are read, so that nothing decides by an earlier look-up.
		if _, err := b.admin.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: keyClient, JwksUri: address}); err != nil {
			t.Fatal(err)
		}
		wantUnreadable(t, address, b.present(t, key.Sign(t, nil, b.claims())))
	}
	inside.wantReads(t, "no address", 0)
}
