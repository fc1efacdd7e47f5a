package logout

import (
	"context"
	"errors"
	"slices"

	"github.com/vidocu/usher/internal/platform/secret"
)

// batch is how many events are read at once.
const batch = 100

// BrowserSession is a browser session that has ended.
type BrowserSession struct {
	Hash   secret.Hash
	UserID string
	// Again says that it was returned before: codes of it may have been exchanged since.
	Again bool
}

// BrowserSessions is the outbox of identity.
type BrowserSessions interface {
	// EndedSessions returns at most limit sessions that have ended.
	EndedSessions(ctx context.Context, limit int) ([]BrowserSession, error)
	// AcknowledgeEnded says that they were dealt with.
	AcknowledgeEnded(ctx context.Context, list []BrowserSession) error
}

// Outbox is the part of the store that a Planner needs.
type Outbox interface {
	// Events returns at most limit revocations that end sessions, and the cursor up to which the log
	// was read; more says that the log goes on.
	Events(ctx context.Context, limit int) (list []Event, cursor int64, more bool, err error)
	// SessionsOf returns the sessions that an event ends, each with its client and user.
	SessionsOf(ctx context.Context, e Event) ([]Session, error)
	// Add adds deliveries, each of a session that has none yet as it was established, and stores the
	// cursor unless it is 0: in one transaction.
	Add(ctx context.Context, deliveries []Delivery, cursor int64) error
}

// Planner writes the outbox. One replica runs it at a time.
type Planner struct {
	Outbox   Outbox
	Sessions BrowserSessions
	Clients  Clients
}

// Plan reads what has ended since the last time.
func (p Planner) Plan(ctx context.Context) error {
	return errors.Join(p.revocations(ctx), p.browserSessions(ctx))
}

func (p Planner) revocations(ctx context.Context) error {
	for more := true; more; {
		var list []Event
		var cursor int64
		var err error
		if list, cursor, more, err = p.Outbox.Events(ctx, batch); err != nil || cursor == 0 {
			return err
		}
		deliveries, err := p.deliveries(ctx, list)
		if err != nil {
			return err
		}
		if err := p.Outbox.Add(ctx, deliveries, cursor); err != nil {
			return err
		}
	}
	return nil
}

func (p Planner) browserSessions(ctx context.Context) error {
	for {
		ended, err := p.Sessions.EndedSessions(ctx, batch)
		if err != nil || len(ended) == 0 {
			return err
		}
		events := make([]Event, len(ended))
		for i, s := range ended {
			events[i] = Event{UserID: s.UserID, Browser: s.Hash, Reason: ReasonLogout}
		}
		deliveries, err := p.deliveries(ctx, events)
		if err != nil {
			return err
		}
		if err := p.Outbox.Add(ctx, deliveries, 0); err != nil {
			return err
		}
		if err := p.Sessions.AcknowledgeEnded(ctx, ended); err != nil || len(ended) < batch {
			return err
		}
	}
}

// deliveries returns a delivery for each session that the events end, at a client that gets logout
// tokens.
func (p Planner) deliveries(ctx context.Context, events []Event) ([]Delivery, error) {
	var list []Delivery
	var clients []string
	for _, e := range events {
		sessions, err := p.Outbox.SessionsOf(ctx, e)
		if err != nil {
			return nil, err
		}
		for _, s := range sessions {
			list = append(list, Delivery{Session: s, Reason: e.Reason})
			if !slices.Contains(clients, s.ClientID) {
				clients = append(clients, s.ClientID)
			}
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	told, err := p.Clients.LogoutClients(ctx, clients)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(d Delivery) bool { _, ok := told[d.ClientID]; return !ok }), nil
}
