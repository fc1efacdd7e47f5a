package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Granted returns the scope and the resources of the family of a current refresh token;
// grant.ErrNotCurrent when there is none.
func (s *Store) Granted(ctx context.Context, token secret.Hash, clientID string) (grant.Granted, error) {
	var scope, resources string
	err := s.db.QueryRow(ctx, s.text.granted, token.Bytes(), clientID).Scan(&scope, &resources)
	return grant.Granted{Scope: scope, Resources: oauth.ParseResources(resources)},
		sqldb.Wrap("reading the granted scope", sqldb.NotFoundAs(grant.ErrNotCurrent, err))
}

// Rotate spends a refresh token and issues its successors in one transaction and one round trip:
// grant.ErrNotCurrent when the presented token is not a live, current one.
func (s *Store) Rotate(ctx context.Context, r grant.Rotation) (grant.Issued, error) {
	if s.rotations == nil {
		return s.rotateSteps(ctx, r)
	}
	issued, rotated, err := s.rotations.Get(ctx, &r)
	if err != nil || rotated {
		return issued, err
	}
	// Not current, or its row is locked, or the batch failed: alone it may wait for the lock, and
	// its failure affects no other rotation.
	issued, err = s.rotateAtOnce(ctx, r)
	if !errors.Is(err, grant.ErrNotCurrent) {
		return issued, err
	}
	if err := s.whyNotRotated(ctx, r); !errors.Is(err, grant.ErrNotCurrent) {
		return grant.Issued{}, err
	}
	// The limit may have passed between the two statements, which read the clock each: a token that is current
	// is rotated now.
	return s.rotateAtOnce(ctx, r)
}

// rotateSteps is one rotation with one statement per step. The inserts find the family by its new
// refresh hash, so they do nothing where the update did nothing.
func (s *Store) rotateSteps(ctx context.Context, r grant.Rotation) (grant.Issued, error) {
	retryHash, sealed, window := retry(r)
	step, slack := rateLimit(r)
	var did rotation
	update := sqldb.Stmt(s.text.rotate, r.Successor.Bytes(), micros(r.Lifetimes.Refresh), retryHash, sealed, window,
		r.Predecessor.Bytes(), r.ClientID, step, slack, r.Key, r.RefreshKey).Scan(append([]any{&did.granted, &did.left}, identityDest(&did.user)...)...)
	limited := sqldb.Stmt(s.text.refreshLimited, r.Predecessor.Bytes(), r.ClientID, slack).Scan(&did.wait)
	err := s.db.Pipeline(ctx, update,
		sqldb.Stmt(s.text.insertAccess, r.Access.Bytes(), r.Scope, micros(r.Lifetimes.Access), r.Successor.Bytes(), r.Resources.String(), r.Key),
		sqldb.Stmt(s.text.spend, r.Predecessor.Bytes(), micros(r.Lifetimes.Refresh), r.Successor.Bytes()),
		limited)
	did.found = update.Found() || limited.Found()
	if update.Found() { // a token that stays was raised by this very refresh
		did.wait = 0
	}
	return issuedOrError(r, did, err)
}

// whyNotRotated returns why a rotation was refused: the limit, where the token is current, or
// grant.ErrNotCurrent. It is a statement of its own, so that it reads what the rotation waited for.
func (s *Store) whyNotRotated(ctx context.Context, r grant.Rotation) error {
	_, slack := rateLimit(r)
	var did rotation
	limited := sqldb.Stmt(s.text.refreshLimited, r.Predecessor.Bytes(), r.ClientID, slack).Scan(&did.wait)
	err := s.db.Pipeline(ctx, limited)
	did.found = limited.Found()
	_, err = issuedOrError(r, did, err)
	return err
}

// rotateAtOnce is one rotation in one statement.
func (s *Store) rotateAtOnce(ctx context.Context, r grant.Rotation) (grant.Issued, error) {
	retryHash, sealed, window := retry(r)
	step, slack := rateLimit(r)
	var did rotation
	whole := sqldb.Stmt(s.text.rotateAtOnce, r.Successor.Bytes(), micros(r.Lifetimes.Refresh), retryHash, sealed, window,
		r.Predecessor.Bytes(), r.ClientID, r.Access.Bytes(), r.Scope, micros(r.Lifetimes.Access), step, slack, r.Resources.String(), r.Key, r.RefreshKey).
		Scan(append([]any{&did.granted, &did.left}, identityDest(&did.user)...)...)
	err := s.db.Pipeline(ctx, whole)
	did.found = whole.Found()
	return issuedOrError(r, did, err)
}

// rateLimit returns the limit on refreshes of a family as the statements use it (GCRA): the steady
// rate is one refresh per step, and a family may be ahead of that by slack. Without a limit the
// step is 0.
func rateLimit(r grant.Rotation) (step, slack int64) {
	if r.Limit.Limit == 0 {
		return 0, unlimited
	}
	window := micros(r.Limit.Window)
	step = window / int64(r.Limit.Limit)
	return step, window - step
}

// unlimited is a slack, in microseconds, that is never reached.
const unlimited = int64(1) << 50

// retry returns the columns of the retry window; NULLs without a window.
func retry(r grant.Rotation) (hash, sealed, window any) {
	if len(r.Sealed) == 0 {
		return nil, nil, nil
	}
	return r.Predecessor.Bytes(), r.Sealed, micros(r.Lifetimes.RetryWindow)
}

// rotation is the result of a rotation's statement: the granted scope and the family's remaining
// lifetime, or the wait until the limit allows it. found is false where the token is not current.
type rotation struct {
	granted    string
	left, wait int64
	user       grant.Identity
	found      bool
}

func issuedOrError(r grant.Rotation, did rotation, err error) (grant.Issued, error) {
	switch {
	case err != nil:
		return grant.Issued{}, fmt.Errorf("rotating a refresh token: %w", err)
	case !did.found:
		return grant.Issued{}, grant.ErrNotCurrent
	case did.wait > 0:
		return grant.Issued{}, &grant.RefreshLimitError{RetryAfter: time.Duration(did.wait) * time.Microsecond}
	}
	return issuedOf(r, did), nil
}

func issuedOf(r grant.Rotation, did rotation) grant.Issued {
	return grant.Issued{
		Scope:     cmp.Or(r.Scope, did.granted),
		ExpiresIn: min(r.Lifetimes.Access, time.Duration(did.left)*time.Microsecond),
		Identity:  did.user,
	}
}
