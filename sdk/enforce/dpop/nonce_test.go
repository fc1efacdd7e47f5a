package dpop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// TestRFC9449_8_ANonceIsOfTheServerAndOfTheLastMinutes.
func TestRFC9449_8_ANonceIsOfTheServerAndOfTheLastMinutes(t *testing.T) {
	key := []byte(strings.Repeat("k", 32))
	nonces, replica, other := dpop.NewNonces(key), dpop.NewNonces(key), dpop.NewNonces([]byte(strings.Repeat("x", 32)))
	nonce := nonces.Issue(now)
	for at, want := range map[time.Duration]bool{
		0: true, 5 * time.Minute: true, 6 * time.Minute: false, 24 * time.Hour: false, -20 * time.Second: true, -2 * time.Minute: false,
	} {
		if got := replica.Valid(nonce, now.Add(at)); got != want {
			t.Errorf("after %s, another replica accepts it: %v, want %v", at, got, want)
		}
	}
	for name, text := range map[string]string{
		"none": "", "another server's": other.Issue(now), "a changed one": "B" + nonce[1:], "a longer one": nonce + "AAAA", "no base64": "!" + nonce[1:],
	} {
		if nonces.Valid(text, now) {
			t.Errorf("%s is accepted", name)
		}
	}
	for name, rolled := range map[string]*dpop.Nonces{
		"the new key as another": dpop.NewNonces(key, []byte(strings.Repeat("n", 32))), "the old key as another": dpop.NewNonces([]byte(strings.Repeat("n", 32)), key),
	} {
		if !rolled.Valid(nonce, now) || !rolled.Valid(rolled.Issue(now), now) || rolled.Valid(other.Issue(now), now) {
			t.Errorf("a replica with %s does not accept the nonces of both keys alone", name)
		}
		if issued := rolled.Issue(now); nonces.Valid(issued, now) != (name == "the new key as another") {
			t.Errorf("a replica with %s issues %s", name, issued)
		}
	}
	s, r := newSigner(t, "ES256"), request()
	r.Nonces = nonces
	if _, err := dpop.Verify(s.proof(t, claims("nonce", nonce)), r); err != nil {
		t.Errorf("a proof with the nonce: %v", err)
	}
	for name, text := range map[string]string{
		"without a nonce": s.proof(t, claims()), "with another server's": s.proof(t, claims("nonce", other.Issue(now))), "with a number": s.proof(t, claims("nonce", 1)),
	} {
		_, err := dpop.Verify(text, r)
		var refused *dpop.Error
		want := dpop.Nonce
		if name == "with a number" {
			want = dpop.Malformed
		}
		if !errors.As(err, &refused) || refused.Fault != want {
			t.Errorf("a proof %s: %v", name, err)
		}
	}
	// A proof that is not valid otherwise is refused for that, so that no nonce repairs it.
	_, err := dpop.Verify(s.proof(t, claims("htm", "GET")), r)
	var refused *dpop.Error
	if !errors.As(err, &refused) || refused.Fault != dpop.Method {
		t.Errorf("a proof for another method: %v", err)
	}
}
