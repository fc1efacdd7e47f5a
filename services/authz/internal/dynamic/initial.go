package dynamic

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// InitialToken is the public data of an initial access token (RFC 7591 §3).
type InitialToken struct {
	// ID is not a secret.
	ID   string
	Name string
	// Scope is what its clients may request; empty for the scope of all clients that register
	// themselves.
	Scope     oauth.Scope
	UsesLeft  int
	CreatedAt time.Time
	ExpiresAt time.Time
}

// InitialTokenStore is the part of the store that the operator's actions need.
type InitialTokenStore interface {
	AddInitialToken(ctx context.Context, t InitialToken, hash secret.Hash, valid time.Duration) error
	// ListInitialTokens returns the tokens that can be used, newest first.
	ListInitialTokens(ctx context.Context) ([]InitialToken, error)
	// RevokeInitialToken returns ErrUnknownToken.
	RevokeInitialToken(ctx context.Context, id string) error
}

// The bounds of an initial access token.
const (
	defaultValid   = 24 * time.Hour
	initialIDStart = "iat_"
)

// InitialTokens issues initial access tokens for operators.
type InitialTokens struct {
	Store InitialTokenStore
	// Known reports whether a scope exists.
	Known func(name string) bool
}

// Create issues a token; 0 uses are one, and 0 time is a day. It returns an *oauth.FieldError.
func (i InitialTokens) Create(ctx context.Context, t InitialToken, valid time.Duration) (InitialToken, secret.String, error) {
	if t.UsesLeft == 0 {
		t.UsesLeft = 1
	}
	if valid == 0 {
		valid = defaultValid
	}
	t.Name = strings.TrimSpace(t.Name)
	switch {
	case t.Name == "" || !oauth.PrintableText(t.Name, maxName):
		return t, secret.String{}, oauth.InvalidField("name", fmt.Sprintf("must have 1 to %d printable characters", maxName))
	case t.UsesLeft < 1 || t.UsesLeft > secret.MaxInitialTokenUses:
		return t, secret.String{}, oauth.InvalidField("uses", fmt.Sprintf("must be from 1 to %d", secret.MaxInitialTokenUses))
	case valid < secret.MinLifetime || valid > secret.MaxInitialTokenLifetime:
		return t, secret.String{}, oauth.InvalidField("lifetime_seconds", fmt.Sprintf("must be from %d to %d", int64(secret.MinLifetime/time.Second), int64(secret.MaxInitialTokenLifetime/time.Second)))
	}
	for _, name := range t.Scope {
		if !i.Known(name) {
			return t, secret.String{}, oauth.InvalidField("scopes", fmt.Sprintf("has %q, which is not in the catalog", name))
		}
	}
	token := secret.Generate(secret.InitialToken)
	t.ID = secret.NewID(initialIDStart)
	if err := i.Store.AddInitialToken(ctx, t, secret.Sum(token.Reveal()), valid); err != nil {
		return t, secret.String{}, err
	}
	return t, token, nil
}
