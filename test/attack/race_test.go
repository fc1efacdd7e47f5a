package attack

import (
	"net/http"
	"sync"
	"testing"

	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// against runs a refresh and what ends it at one barrier, and answers what the refresh was told.
func against(t *testing.T, refresh string, ending func() error) harness.Response {
	t.Helper()
	start := make(chan struct{})
	var both sync.WaitGroup
	var a harness.Response
	var refreshErr, endErr error
	both.Go(func() { <-start; a, refreshErr = shared.Refresh(refresh) })
	both.Go(func() { <-start; endErr = ending() })
	close(start)
	both.Wait()
	must(t, refreshErr)
	must(t, endErr)
	if a.Status != http.StatusOK && a.Status != http.StatusUnauthorized {
		t.Errorf("the refresh is answered %d %s", a.Status, a.Raw)
	}
	return a
}

// wantDead holds all that a round may have left to being dead.
func wantDead(t *testing.T, a harness.Response, others ...string) {
	t.Helper()
	for _, token := range append(others, a.Text("access_token")) {
		if token != "" && activeNow(t, token) {
			t.Error("an access token outlives what ended it")
		}
	}
	if next := a.Text("refresh_token"); next != "" {
		again, err := shared.Refresh(next)
		must(t, err)
		want(t, "status of a refresh after the end", again.Status, http.StatusUnauthorized)
	}
}

// TestCase108_NothingOutlivesWhatEndsIt, whoever comes first: a refresh against each of its ends.
func TestCase108_NothingOutlivesWhatEndsIt(t *testing.T) {
	b := shared.NewBrowser()
	issue := func(request harness.Request) harness.Tokens {
		tokens, err := shared.Issue(b, request)
		must(t, err)
		return tokens
	}
	status := func(a harness.Response, err error) error {
		if err == nil && a.Status >= http.StatusInternalServerError {
			t.Errorf("the other side is answered %d %s", a.Status, a.Raw)
		}
		return err
	}
	t.Run("the access token's revocation", func(t *testing.T) {
		for range *rounds {
			tokens := issue(harness.Request{})
			a := against(t, tokens.Refresh, func() error { return status(shared.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})) })
			want(t, "revoked token, active", activeNow(t, tokens.Access), false)
			want(t, "status of the refresh, which is not concerned", a.Status, http.StatusOK)
		}
	})
	t.Run("its predecessor's replay", func(t *testing.T) {
		for range *rounds {
			tokens := issue(harness.Request{})
			first, err := shared.Refresh(tokens.Refresh)
			must(t, err)
			a := against(t, first.Text("refresh_token"), func() error { return status(shared.Refresh(tokens.Refresh)) })
			wantDead(t, a, tokens.Access, first.Text("access_token"))
		}
	})
	t.Run("the person's disconnecting", func(t *testing.T) {
		for range *rounds {
			tokens := issue(harness.Request{})
			page, button, err := b.DisconnectButton(harness.ConfidentialID)
			must(t, err)
			a := against(t, tokens.Refresh, func() error {
				after, err := b.Submit(page, button, nil)
				return status(harness.Response{Status: after.Status, Raw: after.Body}, err)
			})
			wantDead(t, a, tokens.Access)
		}
	})
	t.Run("the person's being disabled", func(t *testing.T) { disabled(t) })
}

// disabled is a refresh against an operator who disables its user.
func disabled(t *testing.T) {
	identity, token := dial(t, "operator", "identity"), dial(t, "operator", "token")
	people, endings := identityv1.NewAdministrationServiceClient(identity), tokenv1.NewEndingServiceClient(token)
	found, err := people.FindUser(t.Context(), &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: harness.EstherEmail}}, grpc.WaitForReady(true))
	must(t, err)
	id := found.GetUser().GetUserId()
	for range max(*rounds/4, 1) {
		tokens, err := shared.Issue(shared.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		must(t, err)
		a := against(t, tokens.Refresh, func() error {
			_, err := endings.DisableUser(t.Context(), &tokenv1.DisableUserRequest{UserId: id})
			return err
		})
		wantDead(t, a, tokens.Access)
		_, err = people.EnableUser(t.Context(), &identityv1.EnableUserRequest{UserId: id})
		must(t, err)
		want(t, "access token after the person was enabled again, active", activeNow(t, tokens.Access), false)
	}
}
