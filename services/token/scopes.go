package token

import (
	"context"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// recordTimeout is the timeout of a call that records scopes.
const recordTimeout = 3 * time.Second

// serviceScopes reports to authz on which days clients got tokens for themselves, and with which scopes.
// No request waits for it.
type serviceScopes struct{ recorder *lastuse.Daily }

// Granted is grant.ScopeRecorder.
func (s serviceScopes) Granted(clientID string, scope oauth.Scope) {
	s.recorder.Used([]byte(clientID + " " + scope.String()))
}

// newServiceScopes returns the recorder of serviceScopes.
func newServiceScopes(deps Deps, authz rpc.Authz) serviceScopes {
	return serviceScopes{lastuse.NewDaily(func(ctx context.Context, id []byte) error {
		ctx, cancel := context.WithTimeout(ctx, recordTimeout)
		defer cancel()
		names := strings.Fields(string(id))
		return authz.RecordServiceScopes(ctx, names[0], names[1:])
	}, deps.Now, deps.Logger.With("of", "scopes"))}
}
