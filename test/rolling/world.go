package rolling

import (
	"context"
	"fmt"
	"sync"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// Load says how much is going on.
type Load struct {
	// Flows are people who sign in, approve and have a code exchanged, again and again; Chains are apps that refresh.
	Flows, Chains int
	// Revokers connect an app and take it back. Introspectors ask, as many in each of three ways.
	Revokers, Introspectors int
}

// world is the load and what it knows to be true.
type world struct {
	fleet *fleet
	load  Load
	tally *Tally
	door  *balancer
	truth *truth
	// verdict is on its way.
	verdict *Verdict

	// asks are the ways to ask about a token.
	asks    map[kind]ask
	running sync.WaitGroup
	// away is the longest that PostgreSQL took to restart.
	away time.Duration
}

func newWorld(f *fleet, load Load) *world {
	var gateways []string
	for _, url := range f.deployment.PublicURLs {
		gateways = append(gateways, url[len("http://"):])
	}
	return &world{fleet: f, load: load, tally: newTally(), door: newBalancer(gateways), truth: newTruth(), verdict: &Verdict{}}
}

// hire adds a person, before anything fails.
func (w *world) hire(ctx context.Context, name string) (email string, err error) {
	conn, err := w.fleet.deployment.Dial("operator", "identity")
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // two calls
	people := identityv1.NewAdministrationServiceClient(conn)
	email = name + "@example.com"
	res, err := people.CreateUser(ctx, &identityv1.CreateUserRequest{
		EmailAddress: email, FirstName: "Pat", LastName: "Doe", Password: harness.UserPassword,
	})
	if err != nil {
		return "", fmt.Errorf("creating %s: %w", email, err)
	}
	_, err = people.AddMember(ctx, &identityv1.AddMemberRequest{
		UserId: res.GetUser().GetUserId(), WorkspaceId: "ws_acme", Role: identityv1.Role_ROLE_MEMBER,
	})
	return email, err
}

// truth is what clients know: which codes gave which tokens, and what is dead.
type truth struct {
	mu    sync.Mutex
	codes map[secret.Hash]*family
	live  []string
	dead  []corpse
}

// family is what clients got out of one code.
type family struct {
	// refused says that the exchange was refused for good: nothing of the code may live.
	refused bool
	// access are the access tokens that a client received, refresh is the last refresh token.
	access  map[string]bool
	refresh string
	// unsure says that the last answer never came, so that the store may be one step ahead.
	unsure bool
	// revoked says that the client took it back.
	revoked bool
}

func newTruth() *truth { return &truth{codes: map[secret.Hash]*family{}} }

// change has a family changed by one client at a time.
func (t *truth) change(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}
