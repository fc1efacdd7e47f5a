package grant

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrNotCurrent is what RefreshStore answers for a token that is not a family's live, current
// refresh token.
var ErrNotCurrent = errors.New("refresh token is not current")

// Rotation replaces a family's refresh token.
type Rotation struct {
	// Predecessor is the token that was presented, by hash.
	Predecessor secret.Hash
	ClientID    string
	Access      secret.Hash
	Successor   secret.Hash
	// Scope of the access token; empty for all that was granted.
	Scope     string
	Lifetimes Lifetimes
	// Sealed is the successor pair as only the predecessor's holder can read it; empty when there
	// is no retry window.
	Sealed []byte
	Limit  RefreshLimit
}

// RefreshLimit bounds how often the tokens of one family are refreshed: Count times in Window, at
// once or spread. The zero value is no limit.
type RefreshLimit struct {
	Count  int
	Window time.Duration
}

// RefreshLimitError is a refresh beyond the limit. The token stays what it was.
type RefreshLimitError struct {
	// RetryAfter is when the next one is possible.
	RetryAfter time.Duration
}

// Error says what happened, and not when to come back.
func (*RefreshLimitError) Error() string { return "the tokens of this grant were refreshed too often" }

// Issued is what an access token got.
type Issued struct {
	Scope string
	// ExpiresIn is its lifetime: shorter than usual at the end of its family.
	ExpiresIn time.Duration
}

// Replay is what became of a refresh token that is not current.
type Replay struct {
	// Sealed is the successor pair, if the retry window is still open and the successor unused.
	Sealed []byte
	// Scope is what was granted to the family of a sealed pair.
	Scope string
	// FamilyLeft is how long that family still had when the pair was sealed.
	FamilyLeft time.Duration
	// Reused reports that the token was a spent one and that the pair was revoked for it now.
	Reused bool
}

// RefreshStore decides rotations, each in one transaction.
type RefreshStore interface {
	// GrantedScope reads the scope of the family whose current refresh token this is: a fact that
	// never changes. ErrNotCurrent when there is none of this client.
	GrantedScope(ctx context.Context, token secret.Hash, clientID string) (string, error)
	// Rotate spends the predecessor and issues its successor and an access token. It answers what
	// the access token got. ErrNotCurrent when the predecessor is not the live, current token of a
	// family of this client, a *RefreshLimitError when it is and the limit is reached; nothing is
	// written then.
	Rotate(ctx context.Context, r Rotation) (Issued, error)
	// Replayed judges a token that was not current: inside the retry window it answers the sealed
	// successor, else a spent token of this client ends everything of its pair, in the transaction
	// that judges it.
	Replayed(ctx context.Context, token secret.Hash, clientID string) (Replay, error)
	// ExplainRefresh reads what is stored of a token that was refused. It changes nothing and only
	// serves the log.
	ExplainRefresh(ctx context.Context, token secret.Hash, refreshLifetime time.Duration) (Refused, error)
}

// Refused is what a store knows of a refresh token that it refused; the zero value is a token that
// it does not know.
type Refused struct {
	Origin
	// Spent reports a token that was rotated, Expired one that is past its time.
	Spent, Expired bool
}

// cause is why the token was refused to a client.
func (r Refused) cause(client Client) cause.Cause {
	switch {
	case r.ClientID == "":
		return cause.RefreshUnknown
	case r.ClientID != client.ID:
		return cause.RefreshOtherClient
	case r.Spent:
		return cause.RefreshRotated
	case r.Expired:
		return cause.RefreshExpired
	}
	return cause.RefreshRevoked
}

// Sealer hides a pair so that only who holds the predecessor can read it.
type Sealer interface {
	Seal(predecessor secret.String, pair TokenPair) ([]byte, error)
	Open(predecessor secret.String, sealed []byte) (TokenPair, error)
}

// RefreshToken is the grant of RFC 6749 §6 with rotation and reuse detection (RFC 9700 §4.14.2).
type RefreshToken struct {
	Store     RefreshStore
	Sealer    Sealer
	Lifetimes Lifetimes
	Limit     RefreshLimit
}

// Type is `refresh_token`.
func (RefreshToken) Type() string { return oauth.RefreshTokenGrant }

// Check wants `refresh_token`.
func (RefreshToken) Check(req Request) error {
	if req.RefreshToken.IsZero() {
		return missing("refresh_token")
	}
	return nil
}

// Issue rotates the refresh token.
func (g RefreshToken) Issue(ctx context.Context, client Client, req Request) (TokenPair, error) {
	if !secret.Valid(secret.RefreshToken, req.RefreshToken.Reveal()) {
		return TokenPair{}, invalidRefreshToken(cause.RefreshMalformed)
	}
	hash := secret.Sum(req.RefreshToken.Reveal())
	scope, err := g.narrow(ctx, hash, client, req.Scope)
	if errors.Is(err, ErrNotCurrent) {
		return g.replayed(ctx, hash, client, req)
	}
	if err != nil {
		return TokenPair{}, err
	}
	pair := TokenPair{
		Access:    secret.Generate(secret.AccessToken),
		Refresh:   secret.Generate(secret.RefreshToken),
		ExpiresIn: g.Lifetimes.Access,
		Scope:     scope,
	}
	r := Rotation{
		Predecessor: hash, ClientID: client.ID, Scope: scope, Lifetimes: g.Lifetimes, Limit: g.Limit,
		Access: secret.Sum(pair.Access.Reveal()), Successor: secret.Sum(pair.Refresh.Reveal()),
	}
	if g.Lifetimes.RetryWindow > 0 {
		// The scope is only known once the store has answered: an empty one in the seal means all
		// that was granted.
		if r.Sealed, err = g.Sealer.Seal(req.RefreshToken, pair); err != nil {
			return TokenPair{}, err
		}
	}
	issued, err := g.Store.Rotate(ctx, r)
	if errors.Is(err, ErrNotCurrent) {
		return g.replayed(ctx, hash, client, req)
	}
	if err != nil {
		return TokenPair{}, err
	}
	pair.Scope, pair.ExpiresIn = issued.Scope, issued.ExpiresIn
	return pair, nil
}

// narrow judges a scope parameter against what was granted. What was granted to a family never
// changes, so reading it before the rotation decides nothing that could be overtaken.
func (g RefreshToken) narrow(ctx context.Context, token secret.Hash, client Client, asked string) (string, error) {
	if asked == "" {
		return "", nil
	}
	want, err := oauth.ParseAskedScope(asked)
	if err != nil {
		return "", invalidScope(cause.ScopeMalformed, "scope "+oauth.DescribeMalformed(asked))
	}
	granted, err := g.Store.GrantedScope(ctx, token, client.ID)
	if err != nil {
		return "", err
	}
	have, err := oauth.ParseScope(granted)
	if err != nil {
		return "", err
	}
	want = withoutOpenID(want, have)
	if more := want.Missing(have); len(more) > 0 {
		return "", invalidScope(cause.ScopeNotGranted, "the scope "+oauth.Quote(more[0])+" was not granted: a refresh may only narrow the scope")
	}
	return want.String(), nil
}

// withoutOpenID leaves out the names of OpenID Connect that were not granted: the authorization
// endpoint ignored them, and clients repeat there what they asked for first. When nothing else was
// asked, the scope is all that was granted.
func withoutOpenID(asked, granted oauth.Scope) oauth.Scope {
	openID := oauth.OpenIDScopes()
	return asked.Without(func(name string) bool { return openID.Contains(name) && !granted.Contains(name) })
}

// replayed answers a token that is not current: the same successor inside the retry window, else
// refusal.
func (g RefreshToken) replayed(ctx context.Context, token secret.Hash, client Client, req Request) (TokenPair, error) {
	replay, err := g.Store.Replayed(ctx, token, client.ID)
	if err != nil {
		return TokenPair{}, err
	}
	if len(replay.Sealed) == 0 {
		return TokenPair{}, g.refuse(ctx, token, client, replay.Reused)
	}
	pair, err := g.Sealer.Open(req.RefreshToken, replay.Sealed)
	if err != nil {
		return TokenPair{}, err
	}
	pair.ExpiresIn = min(pair.ExpiresIn, replay.FamilyLeft)
	if pair.Scope == "" {
		pair.Scope = replay.Scope
	}
	if err := sameScope(req.Scope, pair.Scope); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// refuse explains why a token was refused. A store that cannot be asked changes nothing about what
// was decided: the cause is then not known.
func (g RefreshToken) refuse(ctx context.Context, token secret.Hash, client Client, reused bool) error {
	known, err := g.Store.ExplainRefresh(ctx, token, g.Lifetimes.Refresh)
	switch {
	case reused && err != nil:
		return &ReuseError{Err: ErrRefreshTokenReused, First: Origin{ClientID: client.ID}}
	case reused:
		return &ReuseError{Err: ErrRefreshTokenReused, First: known.Origin}
	case err != nil:
		return ErrInvalidRefreshToken
	}
	return invalidRefreshToken(known.cause(client))
}

// sameScope refuses what is no retry: a request for another scope than the first one had.
func sameScope(asked, issued string) error {
	if asked == "" {
		return nil
	}
	want, err := oauth.ParseAskedScope(asked)
	if err != nil {
		return invalidScope(cause.ScopeMalformed, "scope "+oauth.DescribeMalformed(asked))
	}
	have, err := oauth.ParseScope(issued)
	if err != nil {
		return err
	}
	if want = withoutOpenID(want, have); len(want) > 0 && want.String() != issued {
		return invalidScope(cause.ScopeOtherAtRetry, "a repeated refresh must ask for the same scope as the first")
	}
	return nil
}
