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

// The pauses of clients: they leave the machine time for what is measured.
const (
	flowPause    = 100 * time.Millisecond
	refreshPause = 50 * time.Millisecond
	revokePause  = 200 * time.Millisecond
)

// flow signs a person in, approves and exchanges the code. It is one operation: who fails begins anew.
func (w *world) flow(ctx context.Context, email string) (*family, error) {
	o := w.tally.begin(flowing)
	f, err := w.connect(ctx, o, email)
	return f, o.end(err)
}

func (w *world) connect(ctx context.Context, o *operation, email string) (*family, error) {
	b := w.fleet.deployment.NewBrowser()
	b.Client.Transport = w.door.of(o)
	code, err := b.Approve(harness.Request{Email: email})
	if err != nil {
		return nil, fmt.Errorf("approving: %w", err)
	}
	f := &family{access: map[string]bool{}}
	w.truth.change(func() { w.truth.codes[secret.Sum(code)] = f })
	a, err := w.ok(ctx, o, "/oauth/token", map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": harness.CallbackURI,
		"client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
	})
	w.truth.change(func() { f.got(a, err) })
	return f, err
}

// got notes an answer of the token endpoint.
func (f *family) got(a answer, err error) {
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

// keepFlowing is a person who comes again and again.
func (w *world) keepFlowing(ctx context.Context, email string) {
	for ctx.Err() == nil {
		_, _ = w.flow(ctx, email) // it is counted
		pause(ctx, flowPause)
	}
}

// keepRefreshing is an app that refreshes one connection, and has its person connect it anew when it was refused.
func (w *world) keepRefreshing(ctx context.Context, email string) {
	var f *family
	for ctx.Err() == nil {
		if f == nil || f.refused {
			if f, _ = w.flow(ctx, email); f == nil || f.refresh == "" {
				f = nil
				pause(ctx, refreshPause)
				continue
			}
			w.truth.change(func() {
				for access := range f.access {
					w.truth.live = append(w.truth.live, access)
				}
			})
		}
		o := w.tally.begin(refreshing)
		a, err := w.ok(ctx, o, "/oauth/token", map[string]any{
			"grant_type": "refresh_token", "refresh_token": f.refresh,
			"client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
		})
		w.truth.change(func() { f.got(a, err) })
		_ = o.end(err) // it is counted
		pause(ctx, refreshPause)
	}
}

// keepRevoking connects an app, sees that its token is active, and takes it back: the access token alone and the whole
// connection in turn.
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
	for k, ask := range w.asks {
		w.question(ctx, k, ask, access) // so that whoever remembers does
	}
	token := access
	if whole {
		token = f.refresh
	}
	o := w.tally.begin(revoking)
	_, err := w.ok(ctx, o, "/oauth/revoke", map[string]any{"token": token})
	if o.end(err) != nil {
		return
	}
	now := time.Now()
	w.truth.change(func() {
		f.revoked = f.revoked || whole
		w.truth.dead = append(w.truth.dead, corpse{token: access, since: now})
	})
}

// pause waits between two operations.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
