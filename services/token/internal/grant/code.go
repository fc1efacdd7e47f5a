package grant

import (
	"cmp"
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// MaxCode bounds the codes that are hashed and looked up, in bytes: no valid code is longer.
const MaxCode = 128

// ErrCodeUnknown is a code that Codes does not have, or a device code that cannot be exchanged now. It
// carries a cause if that is known.
var ErrCodeUnknown = errors.New("code is unknown or expired")

// The outcomes of a redemption that are not a success.
var (
	// ErrCodeUsed: a token family with the code's hash exists.
	ErrCodeUsed = errors.New("code was used")
	// ErrConsentRevoked: the epoch of the user-client has risen since the consent screen was shown.
	ErrConsentRevoked = errors.New("consent was revoked")
	// ErrNotStored: no consent page of the user-client was ever shown.
	ErrNotStored = errors.New("no epoch of the user-client is stored")
	// ErrNoEvidence: the code was never redeemed.
	ErrNoEvidence = errors.New("code was never redeemed")
)

// Codes resolves authorization codes. Resolve returns ErrCodeUnknown when there is no such code; it
// is idempotent.
type Codes interface {
	Resolve(ctx context.Context, code secret.String) (oauth.ApprovedRequest, error)
}

// ResolvedCode is the result of Codes.Resolve.
type ResolvedCode struct {
	Approved oauth.ApprovedRequest
	Err      error
}

// Redemption creates a token family from an authorization code.
type Redemption struct {
	// CodeHash is the family's primary key, which makes a code single-use.
	CodeHash secret.Hash
	Code     oauth.ApprovedRequest
	// Scope is the access token's, which may lack what makes no sense for Resources; empty for the code's.
	Scope string
	// Resources are those of the access token; nil for all of the code's.
	Resources oauth.Resources
	Access    secret.Hash
	// Refresh is the hash of a token that is in no response where the client may not refresh.
	Refresh   secret.Hash
	Lifetimes Lifetimes
	// Identity is the user as the client's tokens name them.
	Identity Identity
	// GrantLimit is how many grants of a user with a client in a workspace may live, this one among
	// them; 0 is any number.
	GrantLimit int
	// Key is the thumbprint of the key that the access token is bound to, and RefreshKey of that of the
	// refresh token; empty for none.
	Key, RefreshKey string
}

// CodeStore redeems codes, each in one transaction.
type CodeStore interface {
	// Redeem creates the family with its first token pair if the code's hash is new and the epoch
	// of the user-client is still the code's. Otherwise it returns ErrCodeUsed or ErrConsentRevoked
	// and writes nothing. Beyond the limit it revokes the oldest grant.
	Redeem(ctx context.Context, r Redemption) error
	// Redeemed returns the binding of a redeemed code. ErrNoEvidence when it was never redeemed.
	Redeemed(ctx context.Context, code secret.Hash) (oauth.CodeBinding, error)
	// RevokeFamily revokes every token that the code's redemption issued.
	RevokeFamily(ctx context.Context, code secret.Hash) error
	// RedemptionOrigin returns the client, user and time of a code's redemption, for the log.
	// ErrNoEvidence when it was never redeemed.
	RedemptionOrigin(ctx context.Context, code secret.Hash) (Origin, error)
}

// AuthorizationCode is the grant of RFC 6749 §4.1 with PKCE (RFC 7636).
type AuthorizationCode struct {
	Codes     Codes
	Store     CodeStore
	Lifetimes Lifetimes
	Resources Resources
	// Subjects derives pairwise subjects; nil where OpenID Connect is off.
	Subjects Subjects
	// GrantLimit is Redemption.GrantLimit.
	GrantLimit int
}

// Type is `authorization_code`.
func (AuthorizationCode) Type() string { return oauth.AuthorizationCodeGrant }

// Check requires `code`. Whether `redirect_uri` may be absent depends on the code (see Issue).
func (AuthorizationCode) Check(req Request) error {
	if req.Code.IsZero() {
		return missing("code")
	}
	return nil
}

// Known returns true: authz looks for the code before it records a proof.
func (AuthorizationCode) Known(context.Context, Request) (bool, error) { return true, nil }

// Issue redeems the code. A code that does not match the request is refused and stays redeemable by
// its own client.
//
// A code that carries a challenge may be redeemed without repeating the redirect URI (OAuth 2.1
// §10.2). A request with neither it nor a verifier lacks the verifier of such a code, and otherwise
// the redirect URI; only the code's own client learns which.
func (g AuthorizationCode) Issue(ctx context.Context, client Client, req Request) (TokenPair, error) {
	unbound := req.RedirectURI == "" && req.CodeVerifier.IsZero()
	switch tooLong := len(req.Code.Reveal()) > MaxCode; {
	case tooLong && unbound:
		return TokenPair{}, missing("redirect_uri")
	case tooLong:
		return TokenPair{}, invalidCode(cause.CodeMalformed)
	}
	hash := secret.Sum(req.Code.Reveal())
	code, err := g.resolve(ctx, client, req.Code)
	switch unknown := errors.Is(err, ErrCodeUnknown); {
	case err != nil && !unknown:
		return TokenPair{}, err
	case unbound && (unknown || code.ClientID != client.ID):
		return TokenPair{}, missing("redirect_uri")
	case unknown:
		refusal := invalidCode(cmp.Or(cause.Of(err), cause.CodeUnknown))
		return TokenPair{}, g.replayed(ctx, replay{hash: hash, client: client, req: req, otherwise: refusal})
	}
	if err := checkBinding(code.CodeBinding, client, req); err != nil {
		return TokenPair{}, err
	}
	pair, err := redeem(ctx, g.Store, redemption{
		client: client, proof: req.Proof, secret: req.Code, approved: code, asked: req.Resource,
		identity: identityOf(g.Subjects, client, code), resources: g.Resources, lifetimes: g.Lifetimes, grantLimit: g.GrantLimit,
	})
	switch {
	case errors.Is(err, ErrCodeUsed):
		return TokenPair{}, g.replayed(ctx, replay{hash: hash, client: client, req: req, otherwise: invalidCode(cause.CodeUsed)})
	case errors.Is(err, ErrConsentRevoked):
		return TokenPair{}, invalidCode(cause.ConsentRevoked)
	case err != nil:
		return TokenPair{}, err
	}
	return pair, nil
}

// resolve returns what the code stands for, from the client's authentication if that resolved it.
func (g AuthorizationCode) resolve(ctx context.Context, client Client, code secret.String) (oauth.ApprovedRequest, error) {
	if client.Code != nil {
		return client.Code.Approved, client.Code.Err
	}
	return g.Codes.Resolve(ctx, code)
}

// replayed refuses a code that cannot be redeemed. If the code was redeemed before and the request
// is otherwise valid, two parties hold the code, so the tokens of the first redemption are revoked
// (RFC 6749 §4.1.2). The token database has the evidence, so this works also after the code's own
// record has expired.
func (g AuthorizationCode) replayed(ctx context.Context, r replay) error {
	bound, err := g.Store.Redeemed(ctx, r.hash)
	if errors.Is(err, ErrNoEvidence) {
		return r.otherwise
	}
	if err != nil {
		return err
	}
	if bound.ClientID != r.client.ID {
		return invalidCode(cause.CodeOtherClient)
	}
	if checkBinding(bound, r.client, r.req) != nil {
		return invalidCode(cause.CodeUsed)
	}
	if err := g.Store.RevokeFamily(ctx, r.hash); err != nil {
		return err
	}
	first, err := g.Store.RedemptionOrigin(ctx, r.hash)
	if err != nil {
		first = Origin{ClientID: r.client.ID} // the refusal stands without an origin in the log
	}
	return &ReuseError{Err: ErrCodeReplayed, First: first}
}

// replay is a request for a code that cannot be redeemed.
type replay struct {
	hash   secret.Hash
	client Client
	req    Request
	// otherwise is the refusal of a code that was never redeemed.
	otherwise error
}

// checkBinding compares a request with the binding of its code: client, redirect URI, key, then
// verifier.
func checkBinding(b oauth.CodeBinding, client Client, req Request) error {
	switch {
	case b.ClientID != client.ID:
		return invalidCode(cause.CodeOtherClient)
	case req.RedirectURI != "" && b.RedirectURI != req.RedirectURI:
		return cause.Expecting(invalidCode(cause.RedirectURIOther), "redirect_uri", b.RedirectURI)
	case req.RedirectURI == "" && b.CodeChallenge == "":
		return missing("redirect_uri")
	case b.DPoPKey != "" && b.DPoPKey != req.Proof.Key: // RFC 9449 §10
		return invalidCode(cause.CodeOtherKey)
	}
	if b.CodeChallenge == "" {
		// A verifier without a challenge is a downgrade attempt or a mistake: refused (RFC 9700
		// §4.8.2).
		if !req.CodeVerifier.IsZero() {
			return cause.With(ErrInvalidVerifier, cause.VerifierUnexpected)
		}
		return nil
	}
	switch err := oauth.VerifyS256(b.CodeChallenge, req.CodeVerifier.Reveal()); {
	case errors.Is(err, oauth.ErrVerifierMissing):
		return cause.With(ErrInvalidVerifier, cause.VerifierMissing)
	case errors.Is(err, oauth.ErrVerifierMalformed):
		return cause.With(ErrInvalidVerifier, cause.VerifierMalformed)
	case err != nil:
		return cause.With(ErrInvalidVerifier, cause.VerifierWrong)
	}
	return nil
}
