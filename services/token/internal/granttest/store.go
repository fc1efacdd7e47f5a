package granttest

import (
	"cmp"
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Store is an in-memory grant.CodeStore and grant.RefreshStore. Its retry window never closes by
// itself.
type Store struct {
	*Journal
	// Epoch is the epoch of every user-client.
	Epoch int64
	// Left is how long every family still lives; 0 is long enough.
	Left time.Duration
	// Redemption and Rotation are the last arguments of Redeem and Rotate.
	Redemption grant.Redemption
	Rotation   grant.Rotation

	families map[secret.Hash]*family
}

type family struct {
	grant.Redemption
	current secret.Hash
	spent   map[secret.Hash]bool
	retry   secret.Hash
	// sealed is the successor of retry.
	sealed  []byte
	revoked bool
}

// NewStore makes an empty store.
func NewStore(j *Journal) *Store { return &Store{Journal: j, families: make(map[secret.Hash]*family)} }

// Live reports whether the family of a code exists and is not revoked.
func (s *Store) Live(code secret.String) bool {
	f := s.families[secret.Sum(code.Reveal())]
	return f != nil && !f.revoked
}

// CloseRetryWindow erases every sealed token pair.
func (s *Store) CloseRetryWindow() {
	for _, f := range s.families {
		f.sealed = nil
	}
}

// Redeem is grant.CodeStore.
func (s *Store) Redeem(_ context.Context, r grant.Redemption) error {
	s.Redemption = r
	if err := s.note("Redeem"); err != nil {
		return err
	}
	if s.families[r.CodeHash] != nil {
		return grant.ErrCodeUsed
	}
	if r.Code.Epoch != s.Epoch {
		return grant.ErrConsentRevoked
	}
	s.families[r.CodeHash] = &family{Redemption: r, current: r.Refresh, spent: make(map[secret.Hash]bool)}
	return nil
}

// Redeemed is grant.CodeStore.
func (s *Store) Redeemed(_ context.Context, code secret.Hash) (oauth.CodeBinding, error) {
	if err := s.note("Redeemed"); err != nil {
		return oauth.CodeBinding{}, err
	}
	f := s.families[code]
	if f == nil {
		return oauth.CodeBinding{}, grant.ErrNoEvidence
	}
	return f.Code.CodeBinding, nil
}

// RevokeFamily is grant.CodeStore.
func (s *Store) RevokeFamily(_ context.Context, code secret.Hash) error {
	if err := s.note("RevokeFamily"); err != nil {
		return err
	}
	s.families[code].revoked = true
	return nil
}

// Granted is grant.RefreshStore.
func (s *Store) Granted(_ context.Context, token secret.Hash, clientID string) (grant.Granted, error) {
	if err := s.note("Granted"); err != nil {
		return grant.Granted{}, err
	}
	f := s.holding(token, clientID)
	if f == nil {
		return grant.Granted{}, grant.ErrNotCurrent
	}
	return grant.Granted{Scope: f.Code.Scope.String(), Resources: f.Code.Resources}, nil
}

// Rotate is grant.RefreshStore.
func (s *Store) Rotate(_ context.Context, r grant.Rotation) (grant.Issued, error) {
	s.Rotation = r
	if err := s.note("Rotate"); err != nil {
		return grant.Issued{}, err
	}
	f := s.holding(r.Predecessor, r.ClientID)
	if f == nil {
		return grant.Issued{}, grant.ErrNotCurrent
	}
	f.spent[r.Predecessor], f.current = r.Predecessor != r.Successor, r.Successor
	f.retry, f.sealed = r.Predecessor, r.Sealed
	return grant.Issued{
		Scope:     cmp.Or(r.Scope, f.Code.Scope.String()),
		ExpiresIn: min(r.Lifetimes.Access, cmp.Or(s.Left, r.Lifetimes.Access)),
	}, nil
}

// Replayed is grant.RefreshStore.
func (s *Store) Replayed(_ context.Context, p grant.Presented, _ oauth.Reuse) (grant.Replay, error) {
	token, clientID := p.Token, p.ClientID
	if err := s.note("Replayed"); err != nil {
		return grant.Replay{}, err
	}
	for _, f := range s.families {
		if !f.spent[token] || f.Code.ClientID != clientID {
			continue
		}
		if f.retry == token && len(f.sealed) > 0 && !f.revoked {
			left := cmp.Or(s.Left, s.Rotation.Lifetimes.Family)
			return grant.Replay{Sealed: f.sealed, Scope: f.Code.Scope.String(), Resources: f.Code.Resources, FamilyLeft: left}, nil
		}
		f.revoked = true
		return grant.Replay{Reused: true}, nil
	}
	return grant.Replay{}, nil
}

// RedemptionOrigin is grant.CodeStore.
func (s *Store) RedemptionOrigin(_ context.Context, code secret.Hash) (grant.Origin, error) {
	if err := s.note("RedemptionOrigin"); err != nil {
		return grant.Origin{}, err
	}
	f := s.families[code]
	if f == nil {
		return grant.Origin{}, grant.ErrNoEvidence
	}
	return f.origin(), nil
}

// KnownRefresh is grant.RefreshStore.
func (s *Store) KnownRefresh(_ context.Context, token secret.Hash) (bool, error) {
	for _, f := range s.families {
		if f.current == token || f.spent[token] {
			return true, s.note("KnownRefresh")
		}
	}
	return false, s.note("KnownRefresh")
}

// ExplainRefresh is grant.RefreshStore.
func (s *Store) ExplainRefresh(_ context.Context, token secret.Hash, _ time.Duration) (grant.Refused, error) {
	if err := s.note("ExplainRefresh"); err != nil {
		return grant.Refused{}, err
	}
	for _, f := range s.families {
		if f.current == token || f.spent[token] {
			return grant.Refused{Origin: f.origin(), Spent: f.spent[token], Revoked: f.revoked}, nil
		}
	}
	return grant.Refused{}, nil
}

// WaitForReplicas is grant.RefreshStore.
func (s *Store) WaitForReplicas(context.Context) error { return s.note("WaitForReplicas") }

func (f *family) origin() grant.Origin {
	return grant.Origin{ClientID: f.Code.ClientID, UserID: f.Code.UserID, WorkspaceID: f.Code.WorkspaceID, Ago: time.Second}
}

// holding returns the live family whose current refresh token this is.
func (s *Store) holding(token secret.Hash, clientID string) *family {
	for _, f := range s.families {
		if f.current == token && f.Code.ClientID == clientID && !f.revoked {
			return f
		}
	}
	return nil
}
