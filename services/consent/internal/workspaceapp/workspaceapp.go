// Package workspaceapp is the clients that members connected in a workspace, as its administrators see
// and end them.
//
// It owns what the list is gathered from, and the comparison of the name that an administrator types.
// The token service revokes.
package workspaceapp

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

// ErrNotConnected is a client that is neither registered nor connected in the workspace.
var ErrNotConnected = errors.New("the app is not connected in the workspace")

// Connection is a client that members connected.
type Connection struct {
	ClientID string
	// Name is the client's name as registered: untrusted text. It is the identifier of a client
	// that is no longer registered.
	Name string
	// Identity describes the client to users; nil where it is not known.
	Identity *oauth.AppIdentity
	Users    int64
	// Scope is in the order of the catalog.
	Scope    oauth.Scope
	LastUsed time.Time
	Approved bool
}

// Tokens are the grants of the token service.
type Tokens interface {
	// ListWorkspaceClients lists a page of the clients to which users granted access to a workspace, by
	// identifier, and returns the token of the next page.
	ListWorkspaceClients(ctx context.Context, workspaceID string, size int32, page string) ([]oauth.WorkspaceClient, string, error)
	// EndClientInWorkspace revokes the grants to a client in a workspace: of every user who has one, and
	// of others, who may have a pending code. It returns the number of users with a grant.
	EndClientInWorkspace(ctx context.Context, workspaceID, clientID string, others []string) (int64, error)
}

// Clients looks up clients.
type Clients interface {
	// DescribeClients returns clients by identifier; unknown ones are left out.
	DescribeClients(ctx context.Context, ids []string) (map[string]connectedapp.Client, error)
}

// Consents are what users approved.
type Consents interface {
	// Now returns the time of the clock that approvals have.
	Now(ctx context.Context) (time.Time, error)
	// Approvers returns users who have approvals, of at most limit approvals.
	Approvers(ctx context.Context, of Approvals, limit int) ([]string, error)
	// EndApprovals deletes the approvals of users.
	EndApprovals(ctx context.Context, of Approvals, userIDs []string) error
	// ApprovedAmong returns which of the clients are approved in a workspace.
	ApprovedAmong(ctx context.Context, workspaceID string, clientIDs []string) (map[string]bool, error)
}

// Approvals are what users approved of a client for a workspace before a time.
type Approvals struct {
	WorkspaceID, ClientID string
	Before                time.Time
}

// Service lists and ends clients. Its methods may be called concurrently.
type Service struct {
	Tokens   Tokens
	Clients  Clients
	Consents Consents
	// ScopeOrder returns the current scopes in the order of the catalog.
	ScopeOrder func() []string
}

// List returns a page of the clients of a workspace, by identifier, and the token of the next page.
func (s Service) List(ctx context.Context, workspaceID string, size int32, page string) ([]Connection, string, error) {
	found, next, err := s.Tokens.ListWorkspaceClients(ctx, workspaceID, size, page)
	if err != nil || len(found) == 0 {
		return nil, "", err
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.ClientID
	}
	clients, err := s.Clients.DescribeClients(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	approved, err := s.Consents.ApprovedAmong(ctx, workspaceID, ids)
	if err != nil {
		return nil, "", err
	}
	apps := make([]Connection, len(found))
	for i, c := range found {
		known := clients[c.ClientID]
		apps[i] = Connection{
			ClientID: c.ClientID, Name: cmp.Or(known.Name, c.ClientID), Identity: known.Identity, Users: c.Users,
			Scope: c.Scope.InOrder(s.ScopeOrder()), LastUsed: c.LastUsed, Approved: approved[c.ClientID],
		}
	}
	return apps, next, nil
}

const (
	// maxApprovers is how many users with an approval one call of the token service names.
	maxApprovers = 10_000
	// endTimeout is how long End may take. It ends a workspace of a hundred thousand users in several
	// calls, and may be repeated.
	endTimeout = 3 * time.Minute
)

// End ends a client in a workspace for all users, and returns how many had a grant: when it returns no
// token is live, and nothing that was approved before the call counts, neither for a code nor for a request
// without a page. The typed name must be the client's or its identifier, unless it is not required. A
// caller that goes away does not interrupt it. ErrNotConnected, and an *oauth.FieldError.
func (s Service) End(ctx context.Context, workspaceID, clientID, typed string, required bool) (int64, error) {
	clients, err := s.Clients.DescribeClients(ctx, []string{clientID})
	if err != nil {
		return 0, err
	}
	name := cmp.Or(clients[clientID].Name, clientID)
	if (required || typed != "") && !sameName(typed, name) && !sameName(typed, clientID) {
		return 0, oauth.InvalidField("confirm_name", "is not the name of the app")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	users, approved, err := s.end(ctx, workspaceID, clientID)
	if _, registered := clients[clientID]; err == nil && users == 0 && !approved && !registered {
		err = ErrNotConnected
	}
	return users, err
}

// end ends a client, and reports whether a user had an approval. An approval must not outlive the grants:
// the list of the user's connected clients shows it also under the raised epoch, since the user's
// approvals of other workspaces stay. It may be old: a request without a page (prompt=none) gets a code
// for one that was made at any time. Each user's is deleted once the token service ended the codes that
// may have been issued for it: until then a retry finds it.
func (s Service) end(ctx context.Context, workspaceID, clientID string) (users int64, approved bool, err error) {
	now, err := s.Consents.Now(ctx)
	if err != nil {
		return 0, false, err
	}
	of := Approvals{WorkspaceID: workspaceID, ClientID: clientID, Before: now}
	for {
		others, err := s.Consents.Approvers(ctx, of, maxApprovers)
		if err != nil || len(others) == 0 && approved {
			return users, approved, err
		}
		granted, err := s.Tokens.EndClientInWorkspace(ctx, workspaceID, clientID, others)
		users += granted
		if err != nil || len(others) == 0 {
			return users, approved, err
		}
		if err := s.Consents.EndApprovals(ctx, of, others); err != nil {
			return users, true, err
		}
		approved = true
	}
}

// sameName compares what was typed with a name as people read it: without regard to case, spaces and
// characters that are not visible.
func sameName(typed, name string) bool { return folded(typed) != "" && folded(typed) == folded(name) }

func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, cases.Fold().String(norm.NFKC.String(s)))
}
