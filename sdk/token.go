package usher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// ErrInactive is returned for a token that is unknown, expired or revoked, without a distinction
// (RFC 7662 §2.2).
var ErrInactive = errors.New("token is not active")

// ErrAddress is returned for an API key that is active and may not be used from the address of the
// request, or of which that is not known. It is an ErrInactive: the response is enforce.OtherAddress.
var ErrAddress = fmt.Errorf("%w here: the API key may not be used from this address", ErrInactive)

// Token is the introspection response of an active token. Callers that introspect the same token
// share it, and must not modify it.
type Token struct {
	// Kind is the token's kind; zero, which authorizes nothing, for a kind that this version does
	// not implement, and for a token that is bound in a way that it cannot check.
	Kind enforce.Kind
	// Subject is the user, `usr_…`; for an API key the key itself, `key_…`; for a service token, which
	// acts for no user, the client as `svc_` and its identifier.
	Subject string
	// Username is the same as Subject: unique, and never the e-mail address.
	Username string
	// Name is the user's display name; two users may have the same. Empty for an API key and a
	// service token.
	Name string
	// ClientID is the client that the token was issued to; empty for an API key.
	ClientID string
	// WorkspaceID is the only workspace that the token is valid for, `ws_…`; empty for a user token
	// that is valid for all of its user's.
	WorkspaceID string
	// Plan is the plan of the workspace, by its name in the catalog.
	Plan string
	// Scopes are the granted scopes, in the order of the request. They apply to an access token and a
	// service token, and to a restricted API key unless it has none.
	Scopes []string
	// Addresses are the networks that a restricted API key may be used from; empty for all. The Client
	// compares them with the address of the request: see WithSource and Request.Source.
	Addresses enforce.Addresses
	// Audience are the identifiers of the protected resources that an access token was issued for
	// (RFC 8707); empty with a token service before release 0.2.
	Audience []string
	// Thumbprint is the thumbprint (RFC 7638) of the key that the token is bound to; empty for a bearer
	// token. A request with a bound token must prove the key (RFC 9449 §7): Client.CheckRequest and the
	// middleware check that, and Client.Introspect cannot.
	Thumbprint string
	// Issuer is the authorization server (RFC 8414 §2).
	Issuer string
	// IssuedAt and ExpiresAt have a resolution of seconds, by the server's clock. ExpiresAt is zero
	// for a token without an expiry, such as an API key.
	IssuedAt, ExpiresAt time.Time
}

// String describes the token for a log line: its user, client, workspace and scopes. The credential
// itself is not part of a Token.
func (t *Token) String() string {
	return fmt.Sprintf("%s of %s (client %q, workspace %q, scopes %q)",
		t.Kind, t.Subject, t.ClientID, t.WorkspaceID, strings.Join(t.Scopes, " "))
}

// Has reports whether the token has a scope. The name must match exactly, and no scope implies
// another.
func (t *Token) Has(scope string) bool { return slices.Contains(t.Scopes, scope) }

// EnforcedSubject returns the token's properties that package enforce checks. A token that is bound to a key
// is refused by it until Proved is set, which the caller does after enforce.Proofs.Confirm returned nil.
func (t *Token) EnforcedSubject() enforce.Subject {
	return enforce.Subject{Kind: t.Kind, Scopes: t.Scopes, Audience: t.Audience, Plan: t.Plan, Bound: t.Thumbprint != ""}
}

// contextKey is the type of the package's context keys.
type contextKey int

const (
	tokenKey contextKey = iota
	sourceKey
)

// NewContext returns a context with a token, for the request that the token authorized.
func NewContext(ctx context.Context, t *Token) context.Context {
	return context.WithValue(ctx, tokenKey, t)
}

// FromContext returns the token that middleware has put into the request's context; ok is false
// where there is none.
func FromContext(ctx context.Context) (t *Token, ok bool) {
	t, _ = ctx.Value(tokenKey).(*Token)
	return t, t != nil
}

// tokenOf converts an active introspection response. Equal strings of many tokens are interned,
// which keeps a check within the processor's cache.
func (w *scopeCache) tokenOf(res *tokenv1.IntrospectTokenResponse) Token {
	username := res.GetUsername()
	if username == res.GetSub() {
		username = res.GetSub() // one copy for both
	}
	return Token{
		Kind: kindOf(res), Subject: res.GetSub(), Username: username, Name: res.GetName(), ClientID: res.GetClientId(),
		WorkspaceID: res.GetWorkspaceId(), Plan: intern(res.GetPlan()), Scopes: w.fields(res.GetScope()),
		Addresses: addressesOf(res.GetAllowedAddresses()),
		Audience:  w.audience(res.GetAud()), Thumbprint: res.GetCnf().GetJkt(), Issuer: intern(res.GetIss()),
		IssuedAt: timeOrZero(res.GetIat()), ExpiresAt: timeOrZero(res.GetExp()),
	}
}

// kindOf returns the token's kind. A token that is bound otherwise than to the thumbprint of a key, as by
// a later release, is no bearer token, and no proof that this version checks is one of its binding.
func kindOf(res *tokenv1.IntrospectTokenResponse) enforce.Kind {
	bearer := res.GetTokenType() == "" || strings.EqualFold(res.GetTokenType(), "Bearer")
	if res.GetCnf().GetJkt() == "" && (res.GetCnf() != nil || !bearer) {
		return 0
	}
	return enforce.KindNumbered(int32(res.GetKind()))
}

// wellFormed reports whether a string can be a bearer token.
func wellFormed(token string) bool {
	kind := enforce.KindOf(token)
	return kind != 0 && kind != enforce.RefreshToken
}

func timeOrZero(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
