package authz

import (
	"context"
	"strings"

	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// scopeUses records the days on which scopes were granted to the clients that are registered here.
type scopeUses struct{ recorder *lastuse.Daily }

// Granted is flow.ScopeRecorder.
func (s scopeUses) Granted(clientID string, scope oauth.Scope) {
	if client.IsDocument(clientID) {
		return
	}
	for _, name := range scope {
		s.recorder.Used([]byte(clientID + keySeparator + name))
	}
}

// newScopeUses returns the recorder of scopeUses.
func newScopeUses(deps Deps, st *store.Store) scopeUses {
	return scopeUses{lastuse.NewDaily(func(ctx context.Context, id []byte) error {
		clientID, scope, _ := strings.Cut(string(id), keySeparator)
		return st.TouchScope(ctx, clientID, scope)
	}, deps.Now, deps.Logger.With("of", "scopes"))}
}
