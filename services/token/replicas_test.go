package token_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token"
)

// replicas are two processes of the service on one PostgreSQL.
func replicas(t *testing.T) (a, b bench) {
	t.Helper()
	url := sqldbtest.Migrated(t, sqldb.Postgres, token.Migrations())
	open := func() *sqldb.DB { return sqldbtest.Open(t, sqldb.Config{URL: secret.New(url)}) }
	return newReplica(t, token.DefaultConfig(), open()), newReplica(t, token.DefaultConfig(), open())
}

// revocations are the requests of a client or a user that revoke a token. The request itself may be
// refused, as a replay is.
func revocations() map[string]func(ctx context.Context, b bench, user, code string, pair *tokenv1.IssueTokenResponse) error {
	type way = func(ctx context.Context, b bench, user, code string, pair *tokenv1.IssueTokenResponse) error
	revoke := func(token func(*tokenv1.IssueTokenResponse) string) way {
		return func(ctx context.Context, b bench, _, _ string, pair *tokenv1.IssueTokenResponse) error {
			_, err := b.oauth.RevokeToken(ctx, &tokenv1.RevokeTokenRequest{Token: token(pair)})
			return err
		}
	}
	return map[string]way{
		"revoke access":  revoke((*tokenv1.IssueTokenResponse).GetAccessToken),
		"revoke refresh": revoke((*tokenv1.IssueTokenResponse).GetRefreshToken),
		"disconnect": func(ctx context.Context, b bench, user, _ string, _ *tokenv1.IssueTokenResponse) error {
			_, err := b.grants.EndConnection(ctx, &tokenv1.EndConnectionRequest{UserId: user, ClientId: "app"})
			return err
		},
		"code replay": func(ctx context.Context, b bench, _, code string, _ *tokenv1.IssueTokenResponse) error {
			if _, err := b.redeem(ctx, code); err == nil {
				return fmt.Errorf("the code %s worked twice", code)
			}
			return nil
		},
		"reuse": func(ctx context.Context, b bench, _, _ string, pair *tokenv1.IssueTokenResponse) error {
			if _, err := b.refresh(ctx, pair.GetRefreshToken()); err != nil {
				return err
			}
			if _, err := b.refresh(ctx, pair.GetRefreshToken()); err == nil {
				return fmt.Errorf("a refresh token worked twice")
			}
			return nil
		},
	}
}

// TestADR0008_NoReplicaAnswersFromBeforeARevocationThatReturned: a token that the other replica has
// cached, and introspects all the time, is inactive there when its revocation returns here.
func TestADR0008_NoReplicaAnswersFromBeforeARevocationThatReturned(t *testing.T) {
	const each = 40
	here, there := replicas(t)
	for name, end := range revocations() {
		t.Run(name, func(t *testing.T) {
			group, ctx := errgroup.WithContext(t.Context())
			group.SetLimit(8)
			for n := range each {
				group.Go(func() error {
					user := fmt.Sprintf("usr_%d_%.4s", n, name)
					code := fmt.Sprintf("code-%s-%d:%s", name, n, user)
					// As the consent page does.
					if _, err := here.grants.GetPairEpoch(ctx, &tokenv1.GetPairEpochRequest{UserId: user, ClientId: "app"}); err != nil {
						return err
					}
					pair, err := here.redeem(ctx, code)
					if err != nil {
						return err
					}
					return deadAtOnce(ctx, there, pair.GetAccessToken(), func() error { return end(ctx, here, user, code, pair) })
				})
			}
			if err := group.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// deadAtOnce introspects a token at a replica without a pause, before, during and after its
// revocation.
func deadAtOnce(ctx context.Context, b bench, token string, end func() error) error {
	var ended atomic.Bool
	warm, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- func() error {
			for n := 0; ; n++ {
				after := ended.Load()
				res, err := b.introspect.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
				switch {
				case err != nil:
					return err
				case after && res.GetActive():
					return fmt.Errorf("active after its revocation had returned")
				case after:
					return nil
				case n == 0 && !res.GetActive():
					return fmt.Errorf("a fresh token is not active")
				case n == 20:
					close(warm)
				}
			}
		}()
	}()
	select {
	case <-warm:
	case err := <-done:
		return err
	}
	err := end()
	ended.Store(true)
	if requested := <-done; err == nil {
		err = requested
	}
	return err
}
