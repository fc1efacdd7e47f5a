package grant

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// maxCode bounds what is hashed and looked up: no legal code is longer.
const maxCode = 128

// ErrCodeUnknown is what Codes answers for a code it does not hold.
var ErrCodeUnknown = errors.New("code is unknown or expired")

// The outcomes of a redemption that are not a success.
var (
	// ErrCodeUsed: the code's hash is already there.
	ErrCodeUsed = errors.New("code was used")
	// ErrPairRevoked: the pair's epoch has risen since the consent screen was shown.
	ErrPairRevoked = errors.New("pair was revoked")
	// ErrNoEvidence: no redemption of such a code is known.
	ErrNoEvidence = errors.New("code was never redeemed")
)

// Binding is what a redemption must repeat of the authorization request to be right.
type Binding struct {
	ClientID      string
	RedirectURI   string
	CodeChallenge string
}

// Code is what an authorization code stands for.
type Code struct {
	Binding
	UserID      string
	DisplayName string
	WorkspaceID string
	Scope       oauth.Scope
	// Epoch is the pair's mark that the consent screen showed.
	Epoch int64
}

// Codes resolves codes. ErrCodeUnknown when there is none such; reading is idempotent.
type Codes interface {
	Resolve(ctx context.Context, code secret.String) (Code, error)
}

// Redemption begins a token family from a code.
type Redemption struct {
	// CodeHash names the family: that it is unique is what makes a code single-use.
	CodeHash  secret.Hash
	Code      Code
	Access    secret.Hash
	Refresh   secret.Hash
	Lifetimes Lifetimes
	// GrantLimit is how many grants of a user with a client in a workspace may live, this one among them; 0 is any number.
	GrantLimit int
}

// CodeStore decides redemptions, each in one transaction.
type CodeStore interface {
	// Redeem creates the family with its first tokens if the code's hash is new and the pair's epoch is still
	// the code's: else ErrCodeUsed or ErrPairRevoked, and nothing is written. Beyond the limit the oldest grant is revoked.
	Redeem(ctx context.Context, r Redemption) error
	// Redeemed reads what a code was bound to when it was redeemed. ErrNoEvidence when it never was.
	Redeemed(ctx context.Context, code secret.Hash) (Binding, error)
	// RevokeFamily ends all that the code's redemption issued.
	RevokeFamily(ctx context.Context, code secret.Hash) error
}

// AuthorizationCode is the grant of RFC 6749 §4.1 with PKCE (RFC 7636).
type AuthorizationCode struct {
	Codes     Codes
	Store     CodeStore
	Lifetimes Lifetimes
	// GrantLimit is Redemption's.
	GrantLimit int
}

// Type is `authorization_code`.
func (AuthorizationCode) Type() string { return "authorization_code" }

// Check wants `code` and `redirect_uri`. The verifier is judged with the code, since only the code knows if one is due.
func (AuthorizationCode) Check(req Request) error {
	switch {
	case req.Code.IsZero():
		return missing("code")
	case req.RedirectURI == "":
		return missing("redirect_uri")
	}
	return nil
}

// Issue redeems the code. A code that does not fit the request is refused and stays usable by who it belongs to.
func (g AuthorizationCode) Issue(ctx context.Context, client Client, req Request) (Pair, error) {
	if len(req.Code.Reveal()) > maxCode {
		return Pair{}, ErrInvalidCode
	}
	hash := secret.Sum(req.Code.Reveal())
	code, err := g.Codes.Resolve(ctx, req.Code)
	if errors.Is(err, ErrCodeUnknown) {
		return Pair{}, g.replayed(ctx, hash, client, req)
	}
	if err != nil {
		return Pair{}, err
	}
	if err := code.check(client, req); err != nil {
		return Pair{}, err
	}
	pair := Pair{
		Access:    secret.Generate(secret.AccessToken),
		Refresh:   secret.Generate(secret.RefreshToken),
		ExpiresIn: g.Lifetimes.Access,
		Scope:     code.Scope.String(),
	}
	err = g.Store.Redeem(ctx, Redemption{
		CodeHash: hash, Code: code, Lifetimes: g.Lifetimes, GrantLimit: g.GrantLimit,
		Access: secret.Sum(pair.Access.Reveal()), Refresh: secret.Sum(pair.Refresh.Reveal()),
	})
	switch {
	case errors.Is(err, ErrCodeUsed):
		return Pair{}, g.replayed(ctx, hash, client, req)
	case errors.Is(err, ErrPairRevoked):
		return Pair{}, ErrInvalidCode
	case err != nil:
		return Pair{}, err
	}
	return pair, nil
}

// replayed refuses a code that cannot be redeemed. If it once was, and this request is right in every other way,
// then two parties hold the code and what the first use issued is revoked (RFC 6749 §4.1.2). The evidence is
// the database's, so it holds also when the code's own record is gone.
func (g AuthorizationCode) replayed(ctx context.Context, hash secret.Hash, client Client, req Request) error {
	bound, err := g.Store.Redeemed(ctx, hash)
	if errors.Is(err, ErrNoEvidence) {
		return ErrInvalidCode
	}
	if err != nil {
		return err
	}
	if bound.check(client, req) != nil {
		return ErrInvalidCode
	}
	if err := g.Store.RevokeFamily(ctx, hash); err != nil {
		return err
	}
	return ErrCodeReplayed
}

// check holds a request against what the code was bound to: client, redirect URI, then verifier.
func (b Binding) check(client Client, req Request) error {
	if b.ClientID != client.ID || b.RedirectURI != req.RedirectURI {
		return ErrInvalidCode
	}
	if b.CodeChallenge == "" {
		// A verifier without a challenge is a downgrade attempt or a mistake: refused (RFC 9700 §4.8.2).
		if !req.CodeVerifier.IsZero() {
			return ErrInvalidVerifier
		}
		return nil
	}
	if err := oauth.VerifyS256(b.CodeChallenge, req.CodeVerifier.Reveal()); err != nil {
		return ErrInvalidVerifier
	}
	return nil
}
