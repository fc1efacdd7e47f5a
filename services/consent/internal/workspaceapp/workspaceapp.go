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
	// of others who may have a pending code. It returns the number of users with a grant.
	EndClientInWorkspace(ctx context.Context, workspaceID, clientID string, others []string) (int64, error)
}

// Clients looks up clients.
type Clients interface {
	// DescribeClients returns clients by identifier; unknown ones are left out.
	DescribeClients(ctx context.Context, ids []string) (map[string]connectedapp.Client, error)
}

// Consents are what users approved.
type Consents interface {
	// RecentApprovers returns users who approved a client for a workspace in the last hour, who may have a
	// code that was not redeemed; at most limit.
	RecentApprovers(ctx context.Context, workspaceID, clientID string, limit int) ([]string, error)
	// ApprovedAmong returns which of the clients are approved in a workspace.
	ApprovedAmong(ctx context.Context, workspaceID string, clientIDs []string) (map[string]bool, error)
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

// maxApprovers is how many users with a pending code one call names.
const maxApprovers = 10_000

// End ends a client in a workspace for all users, and returns how many had a grant. The typed name must be
// the client's or its identifier, unless it is not required. ErrNotConnected, and an *oauth.FieldError.
func (s Service) End(ctx context.Context, workspaceID, clientID, typed string, required bool) (int64, error) {
	clients, err := s.Clients.DescribeClients(ctx, []string{clientID})
	if err != nil {
		return 0, err
	}
	name := cmp.Or(clients[clientID].Name, clientID)
	if (required || typed != "") && !sameName(typed, name) && !sameName(typed, clientID) {
		return 0, oauth.InvalidField("confirm_name", "is not the name of the app")
	}
	others, err := s.Consents.RecentApprovers(ctx, workspaceID, clientID, maxApprovers)
	if err != nil {
		return 0, err
	}
	users, err := s.Tokens.EndClientInWorkspace(ctx, workspaceID, clientID, others)
	if _, registered := clients[clientID]; err == nil && users == 0 && len(others) == 0 && !registered {
		err = ErrNotConnected
	}
	return users, err
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
