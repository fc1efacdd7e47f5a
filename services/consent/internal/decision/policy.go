package decision

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

// WorkspacePolicy is what the policy of a workspace says of a client.
type WorkspacePolicy struct {
	Access policy.Access
	// AskedAt is when the user asked the administrators for the client; zero if never, and where Access is
	// Open.
	AskedAt time.Time
	// Refused says that they refused, and Granted that they approved it, which has no effect now. Their reply
	// is untrusted text, which may be empty.
	Refused, Granted bool
	Answer           string
}

// policies returns what the policies of the user's workspaces say of a client. The requests of the user
// are read only where a workspace is not open.
func (d Decider) policies(ctx context.Context, u oauth.UserClient, user User, versions map[string]int64) (map[string]WorkspacePolicy, error) {
	access, err := d.Policies.Access(ctx, u.ClientID, user.workspaceIDs(), versions)
	if err != nil {
		return nil, err
	}
	all, closed := make(map[string]WorkspacePolicy, len(access)), false
	for id, a := range access {
		all[id] = WorkspacePolicy{Access: a}
		closed = closed || a != policy.Open
	}
	if !closed {
		return all, nil
	}
	requests, err := d.Requests.RequestsOf(ctx, u.UserID, u.ClientID)
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		if p, member := all[r.WorkspaceID]; member && p.Access != policy.Open {
			p.AskedAt, p.Refused, p.Granted, p.Answer = r.At, r.State == policy.Declined, r.State == policy.Granted, r.Answer
			all[r.WorkspaceID] = p
		}
	}
	return all, nil
}

// openWorkspaces returns the user's workspaces whose policy lets a client be connected.
func (d Decider) openWorkspaces(ctx context.Context, clientID string, user User, versions map[string]int64) ([]Workspace, error) {
	access, err := d.Policies.Access(ctx, clientID, user.workspaceIDs(), versions)
	if err != nil {
		return nil, err
	}
	var open []Workspace
	for _, w := range user.Workspaces {
		if access[w.ID] == policy.Open {
			open = append(open, w)
		}
	}
	return open, nil
}

// Ask asks the administrators of a workspace to approve the client of a pending authorization.
// ErrNotMember, ErrNotFound for a decided authorization, policy.ErrFull, and an *oauth.FieldError.
func (d Decider) Ask(ctx context.Context, r Request, workspaceID, reason string) error {
	user, pending, err := d.open(ctx, r)
	if err != nil {
		return err
	}
	if pending.Outcome != nil {
		return cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	if _, member := user.workspace(workspaceID); !member {
		return ErrNotMember
	}
	access, err := d.Policies.Access(ctx, pending.ClientID, []string{workspaceID}, nil)
	if err != nil {
		return err
	}
	return d.Requests.Ask(ctx, policy.Request{
		WorkspaceID: workspaceID, ClientID: pending.ClientID, User: oauth.NamedUser{UserID: user.ID, Name: user.DisplayName}, Reason: reason,
	}, access[workspaceID])
}
