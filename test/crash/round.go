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
	operation
	// cut selects cutting PostgreSQL off instead of killing the process.
	cut bool
	// after is the time between sending the request and the fault.
	after time.Duration

	code     string
	received []harness.Tokens
	// first and last are the statuses of the responses; 0 where the connection closed without one.
	first, last int
	retried     bool
}

// operation is the request that a fault disturbs.
type operation string

const (
	redemption operation = "redemption"
	refresh    operation = "refresh"
	device     operation = "device"
	service    operation = "service"
)

// operations returns all of them, in the order of the rounds.
func operations() []operation { return []operation{redemption, refresh, device, service} }

func newRound(number int, window time.Duration, seed uint64, spread time.Duration) *round {
	random := rand.New(rand.NewPCG(seed, uint64(number)))
	return &round{
		number: number, window: window, operation: operations()[number%4], cut: number%8 >= 4,
		after: time.Duration(random.Int64N(int64(spread) + 1)),
	}
}

func (r *round) String() string {
	fault := "token killed"
	if r.cut {
		fault = "PostgreSQL cut"
	}
	return fmt.Sprintf("round %d, window %s: %s, %s after %s: returned %d, then %d", r.number, r.window, r.operation, fault, r.after, r.first, r.last)
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
	switch r.operation {
	case service:
		return b.issueService, nil
	case device:
		waiting, err := b.approveDevice()
		r.code = waiting.Code
		return func() (harness.Response, error) { return refusedAs401(waiting.Poll()) }, err
	}
	if r.code, err = b.approve(); err != nil {
		return nil, err
	}
	if r.operation == redemption {
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

// refusedAs401 gives a device code that is spent the status that the documented dialect has for one:
// devices send forms, where it is invalid_grant with 400.
func refusedAs401(a harness.Response, err error) (harness.Response, error) {
	if a.Status == http.StatusBadRequest && a.Code() == "invalid_grant" {
		a.Status = http.StatusUnauthorized
	}
	return a, err
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
	if r.operation == service {
		return b.checkService(r)
	}
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
	case r.last == http.StatusUnauthorized && s.live && r.operation != device: // a second poll of a device revokes nothing
		return "the client was refused, and something lives", nil
	case s.live && r.operation == device && s.access != 1:
		return fmt.Sprintf("one device code issued %d access tokens", s.access), nil
	case r.last != http.StatusOK && r.last != http.StatusUnauthorized:
		return "the retry returned neither a token pair nor 401", nil
	}
	return b.checkActive(r, s.live)
}

// checkService checks that a service has a token, and that each one it received is active: it may
// request another at any time.
func (b *bench) checkService(r *round) (wrong string, err error) {
	if r.last != http.StatusOK {
		return fmt.Sprintf("the service's retry returned %d", r.last), nil
	}
	return b.checkActive(r, true)
}

// checkActive introspects the access tokens that the client received.
func (b *bench) checkActive(r *round, live bool) (wrong string, err error) {
	for _, tokens := range r.received {
		active, err := b.deployment.Active(tokens.Access)
		if err != nil {
			return "", err
		}
		if active != live {
			return fmt.Sprintf("an access token that the client holds is active: %t, its connection lives: %t", active, live), nil
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
