package logout

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// PerClient is how many deliveries of one client are sent at once, by all replicas together: a
	// client that responds slowly delays only its own.
	PerClient = 2
	// workers is how many deliveries a replica sends at once.
	workers = 16
	// pollEvery is how often a replica looks for deliveries that are due.
	pollEvery = time.Second
	// Lease is how long a replica has for one attempt before another one may repeat it: much longer
	// than the request's deadline.
	Lease = 30 * time.Second
	// attemptLimit is the deadline of one attempt.
	attemptLimit = 8 * time.Second
	// maxAge is how long after the end of the session a logout token is still sent.
	maxAge = 24 * time.Hour
)

// delays are how long after each attempt without a response the next one is due.
func delays() []time.Duration {
	return []time.Duration{
		10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	}
}

// Queue is the part of the store that a Deliverer needs.
type Queue interface {
	// Claim returns at most limit deliveries that are due, and no more than PerClient of a client that
	// are claimed at once. No other caller gets them before Lease is over. A claim is no attempt: Finish
	// and Postpone count one.
	Claim(ctx context.Context, limit int) ([]Delivery, error)
	// Finish stores the last result of a delivery. It returns false where another replica stored one, to
	// which the claim had passed.
	Finish(ctx context.Context, id int64, r Result) (bool, error)
	// Abandon finishes a delivery without an attempt, and adds the reason to the problem of the last
	// attempt, whose result stays. It returns false as Finish does.
	Abandon(ctx context.Context, id int64, reason string) (bool, error)
	// Postpone stores the result of an attempt, and makes the next one due after a delay.
	Postpone(ctx context.Context, id int64, r Result, after time.Duration) error
}

// Tokens makes logout tokens.
type Tokens interface {
	// LogoutToken returns a logout token for a session (OpenID Connect Back-Channel Logout 1.0 §2.4).
	LogoutToken(algorithm string, s Session) (secret.String, error)
}

// Sender sends a logout token to a client, once.
type Sender interface {
	SendLogoutToken(ctx context.Context, clientID string, token secret.String) (Result, error)
}

// Deliverer sends the deliveries that are due. Every replica runs one.
type Deliverer struct {
	Queue   Queue
	Clients Clients
	Tokens  Tokens
	Sender  Sender
	Logger  *slog.Logger
	// Count counts a delivery that was finished, by its outcome.
	Count func(outcome Outcome)
}

// Run sends deliveries until ctx ends.
func (d Deliverer) Run(ctx context.Context) {
	slots := make(chan struct{}, workers)
	var running sync.WaitGroup
	defer running.Wait()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	done := make(chan struct{}, 1)
	for {
		claimed, err := d.claim(ctx, workers-len(slots))
		if err != nil && ctx.Err() == nil {
			d.Logger.WarnContext(ctx, "logout tokens were not sent", "error", err)
		}
		for _, one := range claimed {
			slots <- struct{}{}
			running.Go(func() {
				one.send(ctx)
				<-slots
				select {
				case done <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-done: // the client's next one may be due
		}
	}
}

// attempt is a delivery that is being sent.
type attempt struct {
	Deliverer
	Delivery

	// algorithm is that of the client's ID tokens.
	algorithm string
}

// claim claims deliveries, and abandons those that are not sent any more. It abandons those that are too
// old also while the clients cannot be read; the others are due again then when the lease is over, and
// no attempt is counted.
func (d Deliverer) claim(ctx context.Context, limit int) ([]attempt, error) {
	if limit <= 0 {
		return nil, nil
	}
	list, err := d.Queue.Claim(ctx, limit)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(one Delivery) bool {
		if one.Age > maxAge { // claimed again and again while no result could be stored, or while the clients could not be read
			d.abandon(ctx, one, "it could not be sent within a day")
		}
		return one.Age > maxAge
	})
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]string, len(list))
	for i, one := range list {
		ids[i] = one.ClientID
	}
	clients, err := d.Clients.LogoutClients(ctx, ids)
	if err != nil {
		return nil, err
	}
	var attempts []attempt
	for _, one := range list {
		algorithm, registered := clients[one.ClientID]
		if !registered {
			d.abandon(ctx, one, "the client has no backchannel_logout_uri any more")
			continue
		}
		attempts = append(attempts, attempt{Deliverer: d, Delivery: one, algorithm: algorithm})
	}
	return attempts, nil
}

// abandon finishes a delivery that is not sent. If that cannot be stored, the delivery is due again
// when the lease is over.
func (d Deliverer) abandon(ctx context.Context, one Delivery, reason string) {
	stored, err := d.Queue.Abandon(ctx, one.ID, reason)
	if stored {
		d.Count(Undelivered)
	}
	if err != nil && ctx.Err() == nil {
		d.Logger.WarnContext(ctx, "a logout token that is not sent any more was not finished", "client_id", one.ClientID, "error", err)
	}
}

// send makes one attempt, and stores its result.
func (a attempt) send(ctx context.Context) {
	result, err := a.try(ctx)
	if err != nil && ctx.Err() != nil {
		return // the process stops: this was no attempt, and the delivery is due again when the lease is over
	}
	if err != nil {
		result = Result{Problem: "the logout token could not be sent", Retry: true}
		a.Logger.WarnContext(ctx, "a logout token was not sent", "client_id", a.ClientID, "error", err)
	}
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptLimit)
	defer cancel()
	if after, again := a.next(); result.Retry && again {
		err = a.Queue.Postpone(storing, a.ID, result, after)
	} else {
		if result.Retry {
			result.Problem = fmt.Sprintf("%s; %d attempts", result.Problem, a.Attempts)
		}
		var stored bool
		if stored, err = a.Queue.Finish(storing, a.ID, result); stored {
			a.Count(result.outcome())
		}
	}
	if err != nil {
		a.Logger.WarnContext(ctx, "the result of a logout token was not stored: it is sent again", "client_id", a.ClientID, "error", err)
	}
}

func (a attempt) try(ctx context.Context) (Result, error) {
	token, err := a.Tokens.LogoutToken(a.algorithm, a.Session)
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	return a.Sender.SendLogoutToken(ctx, a.ClientID, token)
}

// next returns when the next attempt is due, and whether there is one.
func (a attempt) next() (time.Duration, bool) {
	list := delays()
	if a.Attempts < 1 || a.Attempts > len(list) || a.Age+list[a.Attempts-1] > maxAge {
		return 0, false
	}
	return list[a.Attempts-1], true
}
