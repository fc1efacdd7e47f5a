// Package policy is which clients the members of a workspace may connect: the rule that its
// administrators set, the clients that they approved, and what members asked them for.
//
// It owns the rules and the cache of policies by version. It never ends access: a client that is
// connected stays connected, whatever the policy becomes.
package policy

import (
	"context"
	"errors"
	"time"

	"github.com/maypok86/otter/v2"
)

// The errors of this package. An invalid field is an *oauth.FieldError.
var (
	// ErrNoRequest is a client that no member waits for.
	ErrNoRequest = errors.New("no request for the app is waiting")
	// ErrNoClient is a client that is not registered.
	ErrNoClient = errors.New("there is no such app")
	// ErrFull is a workspace with MaxApproved approved clients, or a user with MaxWaiting requests.
	ErrFull = errors.New("there are too many already")
)

const (
	// MaxApproved is how many clients a workspace may approve.
	MaxApproved = 1000
	// MaxWaiting is how many requests of one user may wait in a workspace.
	MaxWaiting = 50
	// maxText bounds a reason and a reply, in characters.
	maxText = 500
)

// Rule is who may connect clients. Its values are those stored, and the numbers of
// usher.consent.v1.AppPolicy.
type Rule int16

// The rules. The zero value is none.
const (
	// Anyone lets every member connect every client: the rule of a workspace that has set none.
	Anyone Rule = 1
	// Approved lets members connect approved clients.
	Approved Rule = 2
	// None lets no client be connected.
	None Rule = 3
)

// Access is whether a member may connect a client. Its values are the numbers of
// usher.consent.v1.WorkspaceAccess.
type Access int

// The kinds of access. The zero value is unknown.
const (
	Open Access = iota + 1
	NeedsApproval
	Closed
)

// Policy is the policy of one workspace.
type Policy struct {
	Rule Rule
	// Clients are the approved clients; it is read with the rule Approved only.
	Clients map[string]bool
}

// Access returns whether members may connect a client. An unknown rule, as from a later release, lets
// none be connected.
func (p Policy) Access(clientID string) Access {
	switch {
	case p.Rule == Anyone, p.Rule == Approved && p.Clients[clientID]:
		return Open
	case p.Rule == Approved:
		return NeedsApproval
	}
	return Closed
}

// Policies reads policies.
type Policies interface {
	// Policies returns the policies of workspaces that have set one.
	Policies(ctx context.Context, workspaceIDs []string) (map[string]Policy, error)
}

const (
	// maxCached bounds the cache, in workspaces.
	maxCached = 10_000
	// maxAge is how long a policy is cached: a change that failed between its write and the raise of the
	// version is found after it.
	maxAge = time.Minute
)

// Cache has policies in memory by their version. The token service has the versions, and returns them
// with the epoch that a decision needs anyway: it raises one before and after each change. A policy that
// was read after a version is never older than the version. Its methods may be called concurrently.
type Cache struct {
	policies Policies
	now      func() time.Time
	entries  *otter.Cache[string, entry]
}

type entry struct {
	policy  Policy
	version int64
	until   time.Time
}

// NewCache returns an empty cache.
func NewCache(policies Policies, now func() time.Time) *Cache {
	return &Cache{policies: policies, now: now, entries: otter.Must(&otter.Options[string, entry]{MaximumSize: maxCached})}
}

// Access returns whether the members of workspaces may connect a client, given the versions of their
// policies; nil where the versions are not known. Version 0, that of a workspace without one, is cached as
// any other: after a restore, the token service may have lost the version of a policy that is stored.
func (c *Cache) Access(ctx context.Context, clientID string, workspaceIDs []string, versions map[string]int64) (map[string]Access, error) {
	access := make(map[string]Access, len(workspaceIDs))
	var missing []string
	for _, id := range workspaceIDs {
		e, ok := c.entries.GetIfPresent(id)
		if ok && versions != nil && e.version == versions[id] && c.now().Before(e.until) {
			access[id] = e.policy.Access(clientID)
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return access, nil
	}
	found, err := c.policies.Policies(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, id := range missing {
		p, set := found[id]
		if !set {
			p = Policy{Rule: Anyone}
		}
		access[id] = p.Access(clientID)
		if versions != nil {
			c.entries.Set(id, entry{policy: p, version: versions[id], until: c.now().Add(maxAge)})
		}
	}
	return access, nil
}
