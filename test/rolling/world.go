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

// Load is the size of the load.
type Load struct {
	// Flows is the number of users who run the flow continuously; Chains that of clients that
	// refresh.
	Flows, Chains int
	// Revokers is the number of clients that connect and revoke. Introspectors is the number for
	// each of the three kinds of introspection.
	Revokers, Introspectors int
}

// world is the load and the expected state.
type world struct {
	fleet       *fleet
	load        Load
	tally       *Tally
	gateways    *balancer
	clientState *clientState
	// verdict is filled during the run.
	verdict *Verdict

	// introspectors are the kinds of introspection.
	introspectors map[kind]introspectFunc
	running       sync.WaitGroup
	// away is the longest restart of PostgreSQL.
	away time.Duration
}

func newWorld(f *fleet, load Load) *world {
	var gateways []string
	for _, url := range f.deployment.PublicURLs {
		gateways = append(gateways, url[len("http://"):])
	}
	return &world{fleet: f, load: load, tally: newTally(), gateways: newBalancer(gateways), clientState: newClientState(), verdict: &Verdict{}}
}

// createUser creates a user, before the faults.
func (w *world) createUser(ctx context.Context, name string) (email string, err error) {
	conn, err := w.fleet.deployment.Dial("operator", "identity")
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // used for two calls
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

// clientState is what the clients have received: the tokens of each code, and the revoked tokens.
type clientState struct {
	mu      sync.Mutex
	codes   map[secret.Hash]*family
	live    []string
	revoked []revokedToken
}

// family holds the tokens that clients received from one code.
type family struct {
	// refused is set when the exchange was refused: no token of the code may be live.
	refused bool
	// access are the access tokens that a client received, refresh is the last refresh token.
	access  map[string]bool
	refresh string
	// unsure is set when the last response was lost, so that the store may be one step ahead.
	unsure bool
	// revoked is set when the client has revoked the family.
	revoked bool
}

func newClientState() *clientState { return &clientState{codes: map[secret.Hash]*family{}} }

// change runs f with the lock held.
func (t *clientState) change(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}
