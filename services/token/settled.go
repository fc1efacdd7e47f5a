package token

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// settler waits until no replica answers from before a revocation that was committed.
type settler interface {
	Settle(ctx context.Context) error
	// Await is Settle for whoever has ended nothing: somebody else may have, and may still be waiting.
	Await(ctx context.Context) error
}

// settle waits for what was ended, here or elsewhere.
func (s settled) settle(ctx context.Context, ended bool) error {
	if ended {
		return s.settler.Settle(ctx)
	}
	return s.settler.Await(ctx)
}

// settled is the store for whoever tells a caller that something has ended: what may end a token returns only once no replica
// answers otherwise. That something had ended before makes no difference: whoever ended it may still be waiting.
type settled struct {
	*store.Store
	settler settler
}

// RevokeAccess is rpc.Revoker.
func (s settled) RevokeAccess(ctx context.Context, token secret.Hash, onlyClient string) (bool, error) {
	ended, err := s.Store.RevokeAccess(ctx, token, onlyClient)
	if err == nil {
		err = s.settle(ctx, ended)
	}
	return ended, err
}

// RevokeRefresh is rpc.Revoker.
func (s settled) RevokeRefresh(ctx context.Context, token secret.Hash, onlyClient string) (bool, error) {
	ended, err := s.Store.RevokeRefresh(ctx, token, onlyClient)
	if err == nil {
		err = s.settle(ctx, ended)
	}
	return ended, err
}

// EndConnection is connection.Store.
func (s settled) EndConnection(ctx context.Context, userID, clientID string) error {
	if err := s.Store.EndConnection(ctx, userID, clientID); err != nil {
		return err
	}
	return s.settler.Settle(ctx)
}

// RevokeFamily is grant.CodeStore.
func (s settled) RevokeFamily(ctx context.Context, code secret.Hash) error {
	if err := s.Store.RevokeFamily(ctx, code); err != nil {
		return err
	}
	return s.settler.Settle(ctx)
}

// Replayed is grant.RefreshStore. The retry of a token inside its window ends nothing and waits for nobody.
func (s settled) Replayed(ctx context.Context, token secret.Hash, clientID string) (grant.Replay, error) {
	replay, err := s.Store.Replayed(ctx, token, clientID)
	if err == nil && len(replay.Sealed) == 0 {
		err = s.settle(ctx, replay.Reused)
	}
	return replay, err
}

// RevokeUserToken is rpc.Ender.
func (s settled) RevokeUserToken(ctx context.Context, token secret.Hash) (bool, error) {
	err := s.EndUserToken(ctx, token)
	if err != nil && !errors.Is(err, usertoken.ErrUnknown) && !errors.Is(err, usertoken.ErrExpired) {
		return false, err
	}
	return err == nil, s.settle(ctx, err == nil)
}
