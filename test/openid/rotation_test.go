package openid

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestN10_1_KeysRotateUnderALoad: the clock of a deployment goes on by eight hours at a time for eleven days, in which
// the keys rotate three times, while clients refresh without a pause. No ID token fails to verify, neither with
// keys that were fetched anew nor with keys that a client caches for a day.
func TestN10_1_KeysRotateUnderALoad(t *testing.T) {
	t.Parallel()
	const step, life = 8 * time.Hour, 72 * time.Hour
	d := shared.OwnAllInOne(t, map[string]string{"USHER_TOKEN_SIGNING_KEY_LIFETIME": life.String()})
	r := newRP(d)
	refresh := r.login(t).Text("refresh_token")
	cached, cachedAt := r.keys(t), time.Duration(0)
	signed := map[string]bool{}
	verified := 0
	for now := time.Duration(0); now <= 33*step; now += step {
		if now > 0 {
			_, err := d.StopOne("usher")
			expect.NoError(t, err)
			d.Set("USHER_CLOCK_OFFSET", now.String())
			expect.NoError(t, d.StartOne("usher"))
		}
		if now-cachedAt > 24*time.Hour-step { // the next step would be a day later
			cached, cachedAt = r.keys(t), now
		}
		for range 3 { // of one client, each refresh needs the one before
			a, err := d.Form("/oauth/token", map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, r.id, r.secret)
			expect.NoError(t, err)
			if a.Status != http.StatusOK {
				t.Fatalf("after %s: %d %s", now, a.Status, a.Raw)
			}
			refresh = a.Text("refresh_token")
			text := a.Text("id_token")
			parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
			expect.NoError(t, err)
			kid := parsed.Signatures[0].Protected.KeyID
			signed[kid] = true
			for name, set := range map[string]jose.JSONWebKeySet{"cached": cached, "fetched": r.keys(t)} {
				found := set.Key(kid)
				if len(found) != 1 {
					t.Fatalf("after %s, %d of the keys that are %s (%s ago) have the kid", now, len(found), name, now-cachedAt)
				}
				if _, err := parsed.Verify(found[0]); err != nil {
					t.Errorf("after %s, with the keys that are %s: %v", now, name, err)
				}
				verified++
			}
		}
	}
	if len(signed) < 3 || verified < 200 {
		t.Errorf("%d keys signed, %d verifications", len(signed), verified)
	}
}

// TestN10_1_ConcurrentClientsVerifyWhileReplicasStart: the first keys are created by several requests at once, and each ID
// token of the load verifies.
func TestN10_1_ConcurrentClientsVerifyWhileReplicasStart(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				r := newRP(d)
				a := r.login(t)
				for range 5 {
					a = r.refresh(t, a.Text("refresh_token"))
				}
			})
		}
		all.Wait()
	})
}
