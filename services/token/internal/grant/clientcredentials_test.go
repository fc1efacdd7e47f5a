package grant_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// revokedOnce is the store, the log and the registry of a client that was revoked at cursor 7, which
// the first authentication did not know.
type revokedOnce struct{ authenticated, issued, granted int }

func (r *revokedOnce) Authenticate(context.Context, grant.Request) (grant.Client, error) {
	r.authenticated++
	return grant.Client{
		ID: "robot", GrantTypes: []string{oauth.ClientCredentialsGrant}, Service: oauth.Service{WorkspaceID: "ws_acme", Scope: oauth.Scope{"videos:read"}},
	}, nil
}

func (r *revokedOnce) IssueService(_ context.Context, i grant.ServiceIssue) error {
	if i.Since < 7 {
		return grant.ErrRevokedMeanwhile
	}
	r.issued++
	return nil
}

func (r *revokedOnce) Granted(clientID string, scope oauth.Scope) {
	if clientID == "robot" && scope.String() == "videos:read" {
		r.granted++
	}
}

func (*revokedOnce) Cursor(context.Context) (int64, error) { return 7, nil }

// TestN8_5_ASecretIsCheckedAgainAndAnAssertionIsNot: the single use of an assertion is spent, so that
// the client is asked to repeat the request.
func TestN8_5_ASecretIsCheckedAgainAndAnAssertionIsNot(t *testing.T) {
	for name, row := range map[string]struct {
		credentials           grant.Credentials
		want                  error
		authenticated, issued int
	}{
		"a secret":     {grant.Credentials{Readings: []oauth.ClientCredentials{{ID: "robot", Secret: secret.New("secret")}}}, nil, 2, 1},
		"an assertion": {grant.Credentials{Assertion: secret.New("a.b.c")}, grant.ErrRevokedMeanwhile, 1, 0},
	} {
		r := &revokedOnce{}
		clients := grant.NotedClients{Clients: r, Applied: func() int64 { return 6 }}
		endpoint := grant.NewEndpoint(clients, grant.ClientCredentials{Clients: clients, Store: r, Log: r, Catalog: catalog.Default(), Scopes: r})
		_, err := endpoint.Issue(t.Context(), grant.Request{GrantType: oauth.ClientCredentialsGrant, Credentials: row.credentials})
		if !errors.Is(err, row.want) || r.authenticated != row.authenticated || r.issued != row.issued || r.granted != row.issued {
			t.Errorf("%s: %v after %d authentications and %d tokens, of which %d are recorded", name, err, r.authenticated, r.issued, r.granted)
		}
	}
}
