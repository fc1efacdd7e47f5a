package attack

import (
	"net/http"
	"testing"

	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// raceRefresh runs a refresh and a revocation concurrently, and returns the response to the
// refresh.
func raceRefresh(t *testing.T, refresh string, revoke func() error) harness.Response {
	t.Helper()
	var a harness.Response
	var refreshErr, revokeErr error
	calls := []func(){
		func() { a, refreshErr = shared.Refresh(refresh) },
		func() { revokeErr = revoke() },
	}
	harness.Race(len(calls), func(i int) { calls[i]() })
	expect.NoError(t, refreshErr)
	expect.NoError(t, revokeErr)
	if a.Status != http.StatusOK && a.Status != http.StatusUnauthorized {
		t.Errorf("the refresh returned %d %s", a.Status, a.Raw)
	}
	return a
}

// wantRevoked checks that every token of a round is inactive, those of the refresh response too.
func wantRevoked(t *testing.T, a harness.Response, others ...string) {
	t.Helper()
	for _, token := range append(others, a.Text("access_token")) {
		if token != "" && activeNow(t, token) {
			t.Error("an access token is active after its revocation")
		}
	}
	if next := a.Text("refresh_token"); next != "" {
		again, err := shared.Refresh(next)
		expect.NoError(t, err)
		expect.Equal(t, "status of a refresh after the revocation", again.Status, http.StatusUnauthorized)
	}
}

// TestCase108_NoTokenOutlivesItsRevocation: a refresh that races with each kind of revocation
// leaves no active token, whichever commits first.
func TestCase108_NoTokenOutlivesItsRevocation(t *testing.T) {
	b := shared.NewBrowser()
	issue := func(request harness.Request) harness.Tokens {
		tokens, err := shared.Issue(b, request)
		expect.NoError(t, err)
		return tokens
	}
	status := func(a harness.Response, err error) error {
		if err == nil && a.Status >= http.StatusInternalServerError {
			t.Errorf("the concurrent request returned %d %s", a.Status, a.Raw)
		}
		return err
	}
	t.Run("the access token is revoked", func(t *testing.T) {
		for range *rounds {
			tokens := issue(harness.Request{})
			a := raceRefresh(t, tokens.Refresh, func() error { return status(shared.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})) })
			expect.Equal(t, "revoked token, active", activeNow(t, tokens.Access), false)
			expect.Equal(t, "status of the refresh, whose family is not revoked", a.Status, http.StatusOK)
		}
	})
	t.Run("the rotated refresh token is reused", func(t *testing.T) {
		for range *rounds {
			tokens := issue(harness.Request{})
			first, err := shared.Refresh(tokens.Refresh)
			expect.NoError(t, err)
			a := raceRefresh(t, first.Text("refresh_token"), func() error { return status(shared.Refresh(tokens.Refresh)) })
			wantRevoked(t, a, tokens.Access, first.Text("access_token"))
		}
	})
	t.Run("the user disconnects the client", func(t *testing.T) {
		for range *rounds {
			tokens := issue(harness.Request{})
			page, button, err := b.DisconnectButton(harness.ConfidentialID)
			expect.NoError(t, err)
			a := raceRefresh(t, tokens.Refresh, func() error {
				after, err := b.Submit(page, button, nil)
				return status(harness.Response{Status: after.Status, Raw: after.Body}, err)
			})
			wantRevoked(t, a, tokens.Access)
		}
	})
	t.Run("an operator disables the user", func(t *testing.T) { raceDisableUser(t) })
}

// raceDisableUser races a refresh with an operator who disables its user.
func raceDisableUser(t *testing.T) {
	identity, token := dial(t, "operator", "identity"), dial(t, "operator", "token")
	users, revocation := identityv1.NewAdministrationServiceClient(identity), tokenv1.NewEndingServiceClient(token)
	found, err := users.FindUser(t.Context(), &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: harness.EstherEmail}}, grpc.WaitForReady(true))
	expect.NoError(t, err)
	id := found.GetUser().GetUserId()
	for range max(*rounds/4, 1) {
		tokens, err := shared.Issue(shared.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		a := raceRefresh(t, tokens.Refresh, func() error {
			_, err := revocation.DisableUser(t.Context(), &tokenv1.DisableUserRequest{UserId: id})
			return err
		})
		wantRevoked(t, a, tokens.Access)
		_, err = users.EnableUser(t.Context(), &identityv1.EnableUserRequest{UserId: id})
		expect.NoError(t, err)
		expect.Equal(t, "access token after the user was enabled again, active", activeNow(t, tokens.Access), false)
	}
}
