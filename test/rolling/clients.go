package rolling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// The pauses of clients, which leave CPU time for the deployment.
const (
	flowPause    = 100 * time.Millisecond
	refreshPause = 50 * time.Millisecond
	revokePause  = 200 * time.Millisecond
)

// flow signs a user in, approves and exchanges the code, as one operation; after a failure the
// caller starts again.
func (w *world) flow(ctx context.Context, email string) (*family, error) {
	o := w.tally.start(flowing)
	f, err := w.connect(ctx, o, email)
	return f, o.end(err)
}

func (w *world) connect(ctx context.Context, o *operation, email string) (*family, error) {
	b := w.fleet.deployment.NewBrowser()
	b.Client.Transport = w.gateways.forOperation(o)
	code, err := b.Approve(harness.Request{Email: email})
	if err != nil {
		return nil, fmt.Errorf("approving: %w", err)
	}
	f := &family{access: map[string]bool{}}
	w.clientState.change(func() { w.clientState.codes[secret.Sum(code)] = f })
	a, err := w.ok(ctx, o, "/oauth/token", map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": harness.CallbackURI,
		"client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
	})
	w.clientState.change(func() { f.record(a, err) })
	return f, err
}

// record records a response of the token endpoint.
func (f *family) record(a response, err error) {
	var refused *refusal
	switch {
	case err == nil:
		f.access[a.text("access_token")] = true
		f.refresh, f.unsure = a.text("refresh_token"), false
	case errors.As(err, &refused) && refused.status == http.StatusUnauthorized:
		f.refused = true
	default:
		f.unsure = true
	}
}

// keepFlowing runs the flow continuously as one user.
func (w *world) keepFlowing(ctx context.Context, email string) {
	for ctx.Err() == nil {
		_, _ = w.flow(ctx, email) // the tally counts the result
		pause(ctx, flowPause)
	}
}

// keepRefreshing refreshes one token family continuously, and runs the flow again when a refresh
// was refused.
func (w *world) keepRefreshing(ctx context.Context, email string) {
	var f *family
	for ctx.Err() == nil {
		if f == nil || f.refused {
			if f, _ = w.flow(ctx, email); f == nil || f.refresh == "" {
				f = nil
				pause(ctx, refreshPause)
				continue
			}
			w.clientState.change(func() {
				for access := range f.access {
					w.clientState.live = append(w.clientState.live, access)
				}
			})
		}
		o := w.tally.start(refreshing)
		a, err := w.ok(ctx, o, "/oauth/token", map[string]any{
			"grant_type": "refresh_token", "refresh_token": f.refresh,
			"client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
		})
		w.clientState.change(func() { f.record(a, err) })
		_ = o.end(err) // the tally counts the result
		pause(ctx, refreshPause)
	}
}

// keepRevoking runs the flow, checks that the token is active, and revokes it: the access token
// alone and the whole token family in turn.
func (w *world) keepRevoking(ctx context.Context, email string) {
	for turn := 0; ctx.Err() == nil; turn++ {
		if f, err := w.flow(ctx, email); err == nil {
			w.revoke(ctx, f, turn%2 == 0)
		}
		pause(ctx, revokePause)
	}
}

func (w *world) revoke(ctx context.Context, f *family, whole bool) {
	var access string
	for access = range f.access {
	}
	for k, introspectFunc := range w.introspectors {
		w.introspectOnce(ctx, k, introspectFunc, access) // so that caches hold it
	}
	token := access
	if whole {
		token = f.refresh
	}
	o := w.tally.start(revoking)
	_, err := w.ok(ctx, o, "/oauth/revoke", map[string]any{"token": token})
	if o.end(err) != nil {
		return
	}
	now := time.Now()
	w.clientState.change(func() {
		f.revoked = f.revoked || whole
		w.clientState.revoked = append(w.clientState.revoked, revokedToken{token: access, since: now})
	})
}

// pause waits between two operations.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
