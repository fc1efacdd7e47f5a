package access

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// AccessTokens judges access tokens; introspect.ErrInactive for what is none by its form, or not live.
type AccessTokens interface {
	Access(ctx context.Context, token string) (introspect.Facts, error)
}

// Keys looks API keys up by hash. introspect.ErrInactive when there is no such live key.
type Keys interface {
	FindKey(ctx context.Context, key secret.Hash) (introspect.Facts, error)
}

// Plans knows the plans of workspaces; empty for a workspace that does not exist.
type Plans interface {
	Plan(ctx context.Context, workspaceID string) (string, error)
}

// Lookup is Tokens, from the parts that know each sort of credential. A user token is none of them: it opens nothing here.
type Lookup struct {
	AccessTokens AccessTokens
	Keys         Keys
	// KeyUses hears that a key is in use. It must not block.
	KeyUses introspect.Uses
	Plans   Plans
}

// Live is Tokens. What is no key by its checksum is never looked up as one: the prefix alone earns nothing.
func (l Lookup) Live(ctx context.Context, token string) (introspect.Facts, error) {
	facts, err := l.find(ctx, token)
	if err != nil {
		return introspect.Facts{}, err
	}
	if facts.Plan, err = l.Plans.Plan(ctx, facts.WorkspaceID); err != nil {
		return introspect.Facts{}, fmt.Errorf("reading the workspace's plan: %w", err)
	}
	return facts, nil
}

func (l Lookup) find(ctx context.Context, token string) (introspect.Facts, error) {
	if !secret.Valid(secret.APIKey, token) {
		return l.AccessTokens.Access(ctx, token)
	}
	facts, err := l.Keys.FindKey(ctx, secret.Sum(token))
	if err == nil && facts.LongUnused {
		l.KeyUses.Used([]byte(facts.KeyID))
	}
	return facts, err
}
