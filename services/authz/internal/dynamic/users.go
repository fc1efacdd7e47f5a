package dynamic

import (
	"context"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Finder finds clients of all kinds.
type Finder interface {
	// Find returns client.ErrUnknown if no client has the identifier.
	Find(ctx context.Context, id string) (client.Registration, error)
	// FindKnown is Find without a request to another server.
	FindKnown(ctx context.Context, id string) (client.Registration, error)
	// Accepts reports whether the client of a document may still be used.
	Accepts(ctx context.Context, id string) (bool, error)
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

// maxNoted is how many clients a replica has stored uses of in memory; beyond it, it stores a use
// twice.
const maxNoted = 10_000

// Users counts the users of clients that registered themselves, and keeps the clients that are used.
// Its methods may be called concurrently.
type Users struct {
	// Store counts the users.
	Store UserStore
	// Limit is how many users a client may have; 0 is any number.
	Limit int
	// Unused is how long a client without a live grant is kept.
	Unused time.Duration
	Now    func() time.Time

	mu sync.Mutex
	// noted has the time until which a use of a client with a grant of this life is stored.
	noted map[use]time.Time
}

// use is a client, and the life of what it was granted.
type use struct {
	clientID string
	grant    time.Duration
}

// Admit adds a user to a client. It returns ErrUsers, or client.ErrUnknown.
func (u *Users) Admit(ctx context.Context, clientID, userID string) error {
	return u.Store.AdmitUser(ctx, clientID, userID, u.Limit, u.Unused)
}

// Use keeps a client whose request may issue what is valid for grant: until that has expired and
// nothing was used for a while. It stores a use once a day and client.
func (u *Users) Use(ctx context.Context, id string, grant time.Duration) error {
	if !client.MayBeDynamic(id) || grant <= 0 || u.stored(use{id, grant}) {
		return nil
	}
	if err := u.Store.UseDynamic(ctx, id, grant+noteEvery+u.Unused); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.noted == nil || len(u.noted) >= maxNoted {
		u.noted = map[use]time.Time{}
	}
	u.noted[use{id, grant}] = u.Now().Add(noteEvery)
	return nil
}

func (u *Users) stored(a use) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.Now().Before(u.noted[a])
}
