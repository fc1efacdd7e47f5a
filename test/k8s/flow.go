package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/vidocu/usher/test/harness"
)

// flowOnce runs the documented flow as the first user.
func (e *env) flowOnce(context.Context) error { return e.flow(0) }

// flow runs the documented flow from end to end: sign in, approve, exchange the code, refresh,
// introspect, revoke, introspect.
func (e *env) flow(user int) error {
	tokens, err := e.connect(user)
	if err != nil {
		return err
	}
	if tokens, err = e.refresh(tokens); err != nil {
		return err
	}
	if err := e.introspect(tokens.Access, true); err != nil {
		return err
	}
	if _, err := e.post("/oauth/revoke", e.client, map[string]any{"token": tokens.Refresh}); err != nil {
		return err
	}
	return e.introspect(tokens.Access, false)
}

// connect signs a user in with a new browser, approves the client and exchanges the code.
func (e *env) connect(user int) (harness.Tokens, error) {
	code, err := e.public.NewBrowser().Approve(harness.Request{
		ClientID: e.client.id, RedirectURI: callback, Email: email(user), Workspace: workspace,
	})
	if err != nil {
		return harness.Tokens{}, fmt.Errorf("authorizing: %w", err)
	}
	a, err := e.post("/oauth/token", e.client, map[string]any{"grant_type": "authorization_code", "code": code, "redirect_uri": callback})
	return harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}, err
}

func (e *env) refresh(tokens harness.Tokens) (harness.Tokens, error) {
	a, err := e.post("/oauth/token", e.client, map[string]any{"grant_type": "refresh_token", "refresh_token": tokens.Refresh})
	return harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}, err
}

// introspect introspects a token as the resource server, and returns an error unless it is as
// wanted.
func (e *env) introspect(token string, want bool) error {
	a, err := e.post("/oauth/introspect", e.api, map[string]any{"token": token})
	if err == nil && a.Body["active"] != want {
		err = fmt.Errorf("introspection returned %s, want active: %t", a.Raw, want)
	}
	return err
}

// post sends a request in the documented dialect as a client, and requires 200.
func (e *env) post(path string, as oauthClient, body map[string]any) (harness.Response, error) {
	all := map[string]any{"client_id": as.id, "client_secret": as.secret}
	maps.Copy(all, body)
	a, err := e.public.JSON(path, all)
	if err != nil {
		return a, fmt.Errorf("%s: %w", path, err)
	}
	if a.Status != http.StatusOK {
		return a, fmt.Errorf("%s returned %d %s", path, a.Status, a.Raw)
	}
	return a, nil
}
