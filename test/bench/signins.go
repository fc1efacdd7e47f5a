package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

const (
	// signIns is the number of concurrent sign-ins while others refresh.
	signIns = 300
	// refreshers is the number of concurrent refreshes: few enough that their latency is not the
	// wait in a queue.
	refreshers = 8
	// attempts is how often each kind of failed sign-in is measured.
	attempts = 200
)

// measureSignIns compares the slowest refreshes with and without concurrent sign-ins, and measures
// whether the time of a failed sign-in reveals its reason.
func (b *bed) measureSignIns(ctx context.Context, r *report) error {
	few := *b
	few.o.concurrency = refreshers
	results, err := few.inTurns(ctx,
		b.side(fmt.Sprintf("refresh rotation, %d callers", refreshers), b.refresh),
		&side{
			name: fmt.Sprintf("the same while %d people sign in", signIns), meter: b.meter, op: b.refresh, beside: b.crowd,
			profile: profiler(b.d, b.o.profile),
		},
	)
	if err != nil {
		return err
	}
	quiet, busy := results[0], results[1]
	r.ratio(quiet, "the limit of the next row", 1, 0)
	r.ratio(busy, "times its p99 (at most 5.00)", float64(busy.p99)/float64(quiet.p99), 0)
	return b.timeFailures(ctx, r)
}

// crowd signs in concurrently until ctx is done.
func (b *bed) crowd(ctx context.Context) {
	var all sync.WaitGroup
	for i := range signIns {
		all.Go(func() { b.signInRepeatedly(ctx, email(i%len(b.callers))) })
	}
	all.Wait()
}

// signInRepeatedly signs in until ctx is done, and waits a second after each error or 429.
func (b *bed) signInRepeatedly(ctx context.Context, address string) {
	for ctx.Err() == nil {
		if status, err := b.authenticate(ctx, address, "examplepassword"); err != nil || status == http.StatusTooManyRequests {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (b *bed) authenticate(ctx context.Context, address, password string) (int, error) {
	body := fmt.Sprintf(`{"emailAddress":%q,"password":%q}`, address, password)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.d.PublicURL+"/api/v1/user/authenticate", bytes.NewBufferString(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = readAll(res.Body)
	return res.StatusCode, err
}

// timeFailures measures the failed sign-ins that must be indistinguishable, in turns.
func (b *bed) timeFailures(ctx context.Context, r *report) error {
	if err := addUnusualUsers(ctx, b.users); err != nil {
		return err
	}
	kinds := []string{"unknown@example.com", "john.doe@gmail.com", "disabled@example.com", "no-password@example.com"}
	took := make([][]time.Duration, len(kinds))
	for range attempts {
		for i, address := range kinds {
			started := time.Now()
			status, err := b.authenticate(ctx, address, "a wrong password")
			if err != nil || status != http.StatusBadRequest {
				return fmt.Errorf("%s: %d %w", address, status, err)
			}
			took[i] = append(took[i], time.Since(started))
		}
	}
	for i, address := range kinds {
		slices.Sort(took[i])
		r.failures = append(r.failures, failure{address, took[i][attempts/2]})
	}
	return nil
}

// addUnusualUsers adds a disabled user and one without a password.
func addUnusualUsers(ctx context.Context, database string) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(database), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the rows exist, or an error is returned
	for id, columns := range map[string]string{"disabled": `password_hash, true`, "no-password": `'', false`} {
		_, err := db.Exec(ctx, `
INSERT INTO users (id, email_address, first_name, last_name, display_name, password_hash, disabled, created_at)
SELECT $1, $2, first_name, last_name, display_name, `+columns+`, created_at FROM users WHERE id = 'usr_john'`, "usr_"+id, id+"@example.com")
		if err != nil {
			return fmt.Errorf("adding %s: %w", id, err)
		}
	}
	return nil
}
