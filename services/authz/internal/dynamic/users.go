package dynamic

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Finder finds clients of all kinds.
type Finder interface {
	// Find returns client.ErrUnknown if no client has the identifier.
	Find(ctx context.Context, id string) (client.Registration, error)
}

// Limited finds clients for authorization requests. It limits the scope of those that registered
// themselves to what the operator allows now, and not at the time of the registration.
type Limited struct {
	Finder
	// Allowed returns the scope that the operator allows.
	Allowed func() oauth.Scope
}

// Find returns a client, or client.ErrUnknown.
func (l Limited) Find(ctx context.Context, id string) (client.Registration, error) {
	found, err := l.Finder.Find(ctx, id)
	if err == nil && found.ScopeLimited {
		allowed := l.Allowed()
		found.Scope = found.Scope.Without(func(name string) bool { return !allowed.Contains(name) })
	}
	return found, err
}

// UserStore is the part of the store that counts users and keeps clients that are used.
type UserStore interface {
	// AdmitUser adds a user unless there are limit users (0 is any number), and keeps the client for a
	// while. It returns ErrUsers, or client.ErrUnknown.
	AdmitUser(ctx context.Context, clientID, userID string, limit int, kept time.Duration) error
	// UseDynamic keeps a client for at least that long.
	UseDynamic(ctx context.Context, id string, kept time.Duration) error
}

// noteEvery is how often the use of a client is stored at most: every use would write a row.
const noteEvery = 24 * time.Hour

// maxNoted is how many clients' uses a replica remembers.
const maxNoted = 10_000

// Users counts the users of clients that registered themselves, and keeps the clients that are used.
// Its methods may be called concurrently.
type Users struct {
	store UserStore
	// limit is how many users a client may have; 0 is any number.
	limit int
	// unused is how long a client without a live grant is kept.
	unused time.Duration
	noted  *otter.Cache[string, time.Duration]
}

// NewUsers returns Users. limit is how many users a client may have, and unused how long a client
// without a live grant is kept.
func NewUsers(store UserStore, limit int, unused time.Duration) *Users {
	return &Users{store: store, limit: limit, unused: unused, noted: otter.Must(&otter.Options[string, time.Duration]{
		MaximumSize: maxNoted, ExpiryCalculator: otter.ExpiryWriting[string, time.Duration](noteEvery),
	})}
}

// Admit adds a user to a client. It returns ErrUsers, or client.ErrUnknown.
func (u *Users) Admit(ctx context.Context, clientID, userID string) error {
	return u.store.AdmitUser(ctx, clientID, userID, u.limit, u.unused)
}

// Use keeps a client whose request may issue what is valid for grant: until that has expired and
// nothing was used for a while. It stores a use once a day and client.
func (u *Users) Use(ctx context.Context, id string, grant time.Duration) error {
	if !client.MayBeDynamic(id) || grant <= 0 {
		return nil
	}
	if noted, ok := u.noted.GetIfPresent(id); ok && noted >= grant {
		return nil
	}
	if err := u.store.UseDynamic(ctx, id, grant+noteEvery+u.unused); err != nil {
		return err
	}
	u.noted.Set(id, grant)
	return nil
}
