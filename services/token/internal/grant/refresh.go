package grant

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/refused"
)

// ErrNotCurrent is a token that is not the live, current refresh token of a family.
var ErrNotCurrent = errors.New("refresh token is not current")

// Rotation replaces a family's refresh token.
type Rotation struct {
	// Predecessor is the hash of the presented token.
	Predecessor secret.Hash
	ClientID    string
	Access      secret.Hash
	Successor   secret.Hash
	// Scope is the access token's, which may lack what makes no sense for Resources; empty for the granted
	// scope.
	Scope string
	// Resources are the access token's; nil for all of the grant's.
	Resources oauth.Resources
	Lifetimes Lifetimes
	// Sealed is the successor token pair, encrypted under the predecessor; empty without a retry
	// window.
	Sealed []byte
	Limit  ratelimit.Budget
	// Key is the thumbprint of the key that the request proves, and that the access token is bound to:
	// a refresh token that is bound to another key is not current. RefreshKey binds the refresh token
	// from now on; empty leaves it as it is.
	Key, RefreshKey string
}

// Presented is a refresh token as a client presents it.
type Presented struct {
	Token    secret.Hash
	ClientID string
	// Key is the thumbprint of the key that the request proves; empty for none.
	Key string
}

// RefreshLimitError is a refresh beyond the limit. The token stays current.
type RefreshLimitError struct {
	// RetryAfter is how long the client must wait.
	RetryAfter time.Duration
}

// Error describes the failure without RetryAfter.
func (*RefreshLimitError) Error() string { return "the tokens of this grant were refreshed too often" }

// Issued is the scope and lifetime of an access token as issued.
type Issued struct {
	Scope string
	// ExpiresIn is its lifetime: shorter than usual at the end of its family.
	ExpiresIn time.Duration
	// Identity is the user of the family.
	Identity Identity
}

// Replay is the outcome for a refresh token that is not current.
type Replay struct {
	// Sealed is the successor token pair, if the retry window is open and the successor unused.
	Sealed []byte
	// Scope is the granted scope of the family of a sealed pair.
	Scope string
	// Resources are those of that family.
	Resources oauth.Resources
	// Identity is the user of that family.
	Identity Identity
	// FamilyLeft is how long that family still had when the pair was sealed.
	FamilyLeft time.Duration
	// Reused reports that the token was a spent one and that its user-client, or its family, was
	// revoked for it now.
	Reused bool
}

// RefreshStore rotates refresh tokens, each rotation in one transaction.
type RefreshStore interface {
	// Granted returns the scope and the resources of the family whose current refresh token this is;
	// they never change. ErrNotCurrent when this client has no such family.
	Granted(ctx context.Context, token secret.Hash, clientID string) (Granted, error)
	// Rotate spends the predecessor and issues its successor and an access token; a predecessor that is
	// its own successor stays and is not spent. It returns ErrNotCurrent when the predecessor is not the
	// live, current token of a family of this client, or is bound to another key, and a *RefreshLimitError when it is and the limit is reached; it writes nothing then.
	Rotate(ctx context.Context, r Rotation) (Issued, error)
	// Replayed handles a token that was not current: inside the retry window it returns the sealed
	// successor; otherwise a spent token of this client revokes everything of its user-client, or
	// its family alone, in the transaction that detects the reuse. A token that is bound to another key
	// does neither.
	Replayed(ctx context.Context, p Presented, reuse oauth.Reuse) (Replay, error)
	// ExplainRefresh returns what is stored of a refused token, for the log. It changes nothing.
	ExplainRefresh(ctx context.Context, token secret.Hash, refreshLifetime time.Duration) (Refused, error)
	// KnownRefresh reports whether a refresh token was ever issued, unless that was long ago.
	KnownRefresh(ctx context.Context, token secret.Hash) (bool, error)
	// WaitForReplicas takes as long as Replayed waits for a token that was revoked already.
	WaitForReplicas(ctx context.Context) error
}

// Granted is what a user has granted with a token family.
type Granted struct {
	Scope string
	// Resources are the protected resources; nil for the default one.
	Resources oauth.Resources
}

// Refused describes a refused refresh token; the zero value is a token that the store does not
// have.
type Refused struct {
	Origin
	// Spent reports that the token was rotated, Expired that it has expired.
	Spent, Expired bool
	// Revoked reports that its family is revoked; for a spent token, that its user-client is.
	Revoked bool
	// FamilyRevoked reports of a spent token that its family is revoked.
	FamilyRevoked bool
	// Key is the thumbprint of the key that the token is bound to; empty for none.
	Key string
}

// final reports whether the client can never get a token for it: the token is another client's,
// expired, or revoked. A spent token of this client that is not revoked is not final: inside the
// retry window it is exchanged, and after it, it revokes.
func (r Refused) final(client Client) bool {
	return r.ClientID != "" && (r.ClientID != client.ID || r.Expired || r.Revoked || r.FamilyRevoked && client.Reuse == oauth.ReuseFamily)
}

// cause returns why the token was refused to a client that proves a key.
func (r Refused) cause(client Client, key string) cause.Cause {
	switch {
	case r.ClientID == "":
		return cause.RefreshUnknown
	case r.ClientID != client.ID:
		return cause.RefreshOtherClient
	case r.Key != "" && r.Key != key:
		return cause.RefreshOtherKey
	case r.Spent:
		return cause.RefreshRotated
	case r.Expired:
		return cause.RefreshExpired
	}
	return cause.RefreshRevoked
}

// Sealer encrypts a token pair under the predecessor, so that only the holder of the predecessor
// can decrypt it.
type Sealer interface {
	Seal(predecessor secret.String, pair TokenPair) ([]byte, error)
	Open(predecessor secret.String, sealed []byte) (TokenPair, error)
}

// RefreshToken is the grant type of RFC 6749 §6 with rotation and reuse detection (RFC 9700
// §4.14.2).
type RefreshToken struct {
	Store     RefreshStore
	Sealer    Sealer
	Lifetimes Lifetimes
	Resources Resources
	// Limit is the rate limit on refreshes of one family, in a burst or spread.
	Limit ratelimit.Budget
	// Refusals caches final refusals; nil caches none.
	Refusals *refused.Cache
}

// Type is `refresh_token`.
func (RefreshToken) Type() string { return oauth.RefreshTokenGrant }

// Check requires `refresh_token`.
func (RefreshToken) Check(req Request) error {
	if req.RefreshToken.IsZero() {
		return missing("refresh_token")
	}
	return nil
}

// Known reports whether the refresh token was ever issued, unless that was long ago.
func (g RefreshToken) Known(ctx context.Context, req Request) (bool, error) {
	if !secret.Valid(secret.RefreshToken, req.RefreshToken.Reveal()) {
		return false, nil
	}
	return g.Store.KnownRefresh(ctx, secret.Sum(req.RefreshToken.Reveal()))
}

// Issue rotates the refresh token.
func (g RefreshToken) Issue(ctx context.Context, client Client, req Request) (TokenPair, error) {
	if !secret.Valid(secret.RefreshToken, req.RefreshToken.Reveal()) {
		return TokenPair{}, invalidRefreshToken(cause.RefreshMalformed)
	}
	hash := secret.Sum(req.RefreshToken.Reveal())
	asked, err := parseAsked(req.Scope)
	if err != nil {
		return TokenPair{}, err
	}
	if why, found := g.Refusals.Find(hash, client.ID); found {
		return TokenPair{}, g.refuseAgain(ctx, why)
	}
	p := Presented{Token: hash, ClientID: client.ID, Key: req.Proof.Key}
	narrowed, err := g.narrow(ctx, p, asked, req.Resource)
	if errors.Is(err, ErrNotCurrent) {
		return g.replayed(ctx, p, client, req)
	}
	if err != nil {
		return TokenPair{}, err
	}
	pair := TokenPair{
		Access:    secret.Generate(secret.AccessToken),
		Refresh:   successor(client, req.RefreshToken),
		ExpiresIn: g.Lifetimes.Access,
		Scope:     narrowed.Scope,
		Resources: narrowed.Resources,
		Key:       req.Proof.Key,
	}
	r := Rotation{
		Predecessor: hash, ClientID: client.ID, Scope: narrowed.Scope, Resources: narrowed.Resources, Lifetimes: g.Lifetimes.of(client), Limit: g.Limit,
		Access: secret.Sum(pair.Access.Reveal()), Successor: secret.Sum(pair.Refresh.Reveal()),
		Key: req.Proof.Key, RefreshKey: refreshKey(client, req.Proof),
	}
	if r.Lifetimes.RetryWindow > 0 && r.Successor != r.Predecessor {
		// The granted scope is known only when the store returns: an empty scope in the seal stands
		// for it.
		if r.Sealed, err = g.Sealer.Seal(req.RefreshToken, pair); err != nil {
			return TokenPair{}, err
		}
	}
	issued, err := g.Store.Rotate(ctx, r)
	if errors.Is(err, ErrNotCurrent) {
		return g.replayed(ctx, p, client, req)
	}
	if err != nil {
		return TokenPair{}, err
	}
	pair.Scope, pair.ExpiresIn, pair.Identity = issued.Scope, issued.ExpiresIn, &issued.Identity
	return pair, nil
}

// successor returns the refresh token of the response. With FAPI 2.0 it stays the same (§5.3.2.1): a
// client that loses a response has not lost its access, and its key protects the token instead.
func successor(client Client, presented secret.String) secret.String {
	if client.FAPI2 {
		return presented
	}
	return secret.Generate(secret.RefreshToken)
}

// parseAsked parses the scope parameter; nil where it was not sent or has spaces only.
func parseAsked(asked string) (oauth.Scope, error) {
	want, err := oauth.ParseRequestedScope(asked)
	if errors.Is(err, oauth.ErrScopeMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, invalidScope(cause.ScopeMalformed, "scope "+oauth.DescribeMalformed(asked))
	}
	return want, nil
}

// narrow validates the requested scope and resources against the grant, and returns those of the
// access token: empty for all of the grant's. A grant never changes, so it can be read before the
// rotation without a race.
func (g RefreshToken) narrow(ctx context.Context, p Presented, want oauth.Scope, resources []string) (Granted, error) {
	if want == nil && len(resources) == 0 {
		return Granted{}, nil
	}
	granted, err := g.Store.Granted(ctx, p.Token, p.ClientID)
	if err != nil {
		return Granted{}, err
	}
	if want, err = narrowScope(want, granted.Scope); err != nil {
		return Granted{}, err
	}
	return g.Resources.narrow(granted, want, resources)
}

// narrowScope returns the requested scope, which is no wider than the granted one; nil for none.
func narrowScope(want oauth.Scope, granted string) (oauth.Scope, error) {
	if want == nil {
		return nil, nil
	}
	have, err := oauth.ParseScope(granted)
	if err != nil {
		return nil, err
	}
	want = withoutOpenID(want, have)
	if more := want.Missing(have); len(more) > 0 {
		err := invalidScope(cause.ScopeNotGranted, "the scope "+oauth.Quote(more[0])+" was not granted: a refresh may only narrow the scope")
		return nil, cause.Expecting(err, "scope", granted)
	}
	return want, nil
}

// withoutOpenID removes the OpenID Connect scopes that were not granted: the authorization endpoint
// ignored them, and clients repeat their first request at refresh. When no other scope is left, the
// result is the granted scope.
func withoutOpenID(asked, granted oauth.Scope) oauth.Scope {
	openID := oauth.OpenIDScopes()
	return asked.Without(func(name string) bool { return openID.Contains(name) && !granted.Contains(name) })
}

// replayed handles a token that is not current: it returns the same successor inside the retry
// window, and refuses otherwise.
func (g RefreshToken) replayed(ctx context.Context, p Presented, client Client, req Request) (TokenPair, error) {
	replay, err := g.Store.Replayed(ctx, p, client.Reuse)
	if err != nil {
		return TokenPair{}, err
	}
	if len(replay.Sealed) == 0 {
		return TokenPair{}, g.refuse(ctx, p, client, replay.Reused)
	}
	pair, err := g.Sealer.Open(req.RefreshToken, replay.Sealed)
	if err != nil {
		return TokenPair{}, err
	}
	pair.ExpiresIn, pair.Identity = min(pair.ExpiresIn, replay.FamilyLeft), &replay.Identity
	if pair.Scope == "" {
		pair.Scope = replay.Scope
	}
	if pair.Key != p.Key {
		return TokenPair{}, invalidRefreshToken(cause.RefreshOtherKey)
	}
	if err := sameScope(req.Scope, pair.Scope); err != nil {
		return TokenPair{}, err
	}
	if err := g.Resources.sameResources(replay, pair.Resources, req.Resource); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// refuse returns the refusal of a token, with its cause for the log. When the store is unavailable
// the refusal stands and its cause is unknown.
func (g RefreshToken) refuse(ctx context.Context, p Presented, client Client, reused bool) error {
	origin, err := g.Store.ExplainRefresh(ctx, p.Token, g.Lifetimes.Refresh)
	if err == nil && origin.final(client) {
		g.Refusals.Add(p.Token, client.ID, origin.cause(client, p.Key))
	}
	switch {
	case reused && err != nil:
		return g.reuse(client, Origin{ClientID: client.ID})
	case reused:
		return g.reuse(client, origin.Origin)
	case err != nil:
		return ErrInvalidRefreshToken
	}
	return invalidRefreshToken(origin.cause(client, p.Key))
}

// refuseAgain repeats a refusal that is cached. It takes as long as the first one did, so that a
// client that repeats the request in a loop is slowed down as before.
func (g RefreshToken) refuseAgain(ctx context.Context, why cause.Cause) error {
	if err := g.Store.WaitForReplicas(ctx); err != nil {
		return err
	}
	return invalidRefreshToken(why)
}

func (g RefreshToken) reuse(client Client, first Origin) error {
	return &ReuseError{Err: ErrRefreshTokenReused, First: first, RetryWindow: g.Lifetimes.of(client).RetryWindow, Revoked: client.Reuse}
}

// sameScope refuses a request for another scope than the first one had: it is not a retry.
func sameScope(asked, issued string) error {
	want, err := parseAsked(asked)
	if want == nil || err != nil {
		return err
	}
	have, err := oauth.ParseScope(issued)
	if err != nil {
		return err
	}
	if want = withoutOpenID(want, have); len(want) > 0 && want.String() != issued {
		return cause.Expecting(invalidScope(cause.ScopeOtherAtRetry, "a repeated refresh must ask for the same scope as the first"), "scope", issued)
	}
	return nil
}
