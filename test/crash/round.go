package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// round is one operation, one fault in it, and one retry.
type round struct {
	number int
	window time.Duration
	// refresh selects a refresh instead of a redemption; cut selects cutting PostgreSQL off instead
	// of killing the process.
	refresh, cut bool
	// after is the time between sending the request and the fault.
	after time.Duration

	code     string
	received []harness.Tokens
	// first and last are the statuses of the responses; 0 where the connection closed without one.
	first, last int
	retried     bool
}

func newRound(number int, window time.Duration, seed uint64, spread time.Duration) *round {
	random := rand.New(rand.NewPCG(seed, uint64(number)))
	return &round{
		number: number, window: window, refresh: number%2 == 1, cut: number%4 >= 2,
		after: time.Duration(random.Int64N(int64(spread) + 1)),
	}
}

func (r *round) String() string {
	operation, fault := "redemption", "token killed"
	if r.refresh {
		operation = "refresh"
	}
	if r.cut {
		fault = "PostgreSQL cut"
	}
	return fmt.Sprintf("round %d, window %s: %s, %s after %s: returned %d, then %d", r.number, r.window, operation, fault, r.after, r.first, r.last)
}

// play runs the round and returns the broken promise, or ""; err is a failure of the test itself.
func (b *bench) play(ctx context.Context, r *round) (wrong string, err error) {
	send, err := b.prepare(r)
	if err != nil {
		return "", fmt.Errorf("authorising anew before %s: %w", r, err)
	}
	if err := b.disturb(r, send); err != nil {
		return "", err
	}
	if r.first != http.StatusOK && r.first != http.StatusUnauthorized {
		r.retried = true
		a, err := send()
		if err != nil {
			return "the retry had no response: " + err.Error(), nil
		}
		r.note(a)
	}
	return b.checkStore(ctx, r)
}

// prepare issues what the disturbed operation uses, and returns the function that sends it.
func (b *bench) prepare(r *round) (send func() (harness.Response, error), err error) {
	if r.code, err = b.approve(); err != nil {
		return nil, err
	}
	if !r.refresh {
		return func() (harness.Response, error) { return b.deployment.Exchange(r.code, harness.Request{}) }, nil
	}
	a, err := b.deployment.Exchange(r.code, harness.Request{})
	if err != nil {
		return nil, err
	}
	r.note(a)
	if len(r.received) != 1 {
		return nil, fmt.Errorf("exchanging the code: %d %s", a.Status, a.Raw)
	}
	refresh := r.received[0].Refresh
	return func() (harness.Response, error) { return b.deployment.Refresh(refresh) }, nil
}

// note records the status and the tokens of a response.
func (r *round) note(a harness.Response) {
	r.last = a.Status
	if a.Status == http.StatusOK {
		r.received = append(r.received, harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")})
	}
}

// disturb sends the request, causes the fault, and waits until the token service is reachable
// again.
func (b *bench) disturb(r *round, send func() (harness.Response, error)) error {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		a, err := send()
		if err == nil {
			r.note(a)
		}
		r.first = a.Status
	}()
	time.Sleep(r.after)
	if r.cut {
		b.way.Cut()
	} else if err := b.deployment.Kill("token"); err != nil {
		return err
	}
	<-returned
	if !r.cut {
		if err := b.deployment.StartOne("token"); err != nil {
			return err
		}
	}
	return b.awaitToken()
}

// stored is what the database holds for a code.
type stored struct {
	live    bool
	refresh []byte
	access  int
}

// checkStore compares the store and the introspection endpoint with the responses that the client
// received.
func (b *bench) checkStore(ctx context.Context, r *round) (wrong string, err error) {
	s, err := b.readStored(ctx, secret.Sum(r.code))
	if err != nil {
		return "", err
	}
	received := map[string]bool{}
	for _, tokens := range r.received {
		received[tokens.Access] = true
	}
	switch {
	case r.last == http.StatusOK && (!s.live || s.access != len(received)):
		return fmt.Sprintf("the client has %d token pairs, the store %d, live: %t", len(received), s.access, s.live), nil
	case r.last == http.StatusOK && secret.Hash(s.refresh) != secret.Sum(r.received[len(r.received)-1].Refresh):
		return "the live refresh token is not the client's", nil
	case r.last == http.StatusUnauthorized && s.live:
		return "the client was refused, and something lives", nil
	case r.last != http.StatusOK && r.last != http.StatusUnauthorized:
		return "the retry returned neither a token pair nor 401", nil
	}
	for _, tokens := range r.received {
		active, err := b.deployment.Active(tokens.Access)
		if err != nil {
			return "", err
		}
		if active != s.live {
			return fmt.Sprintf("an access token that the client holds is active: %t, its connection lives: %t", active, s.live), nil
		}
	}
	return "", nil
}

// readStored reads the tokens issued for a code; the zero value where the code was never redeemed.
func (b *bench) readStored(ctx context.Context, code secret.Hash) (s stored, err error) {
	rows, err := b.db.Query(ctx, `
SELECT f.revoked_at IS NULL, f.refresh_hash, (SELECT count(*) FROM access_tokens a WHERE a.family_id = f.id)
FROM families f WHERE f.id = $1`, code.Bytes())
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&s.live, &s.refresh, &s.access); err != nil {
			return s, err
		}
	}
	return s, rows.Err()
}
