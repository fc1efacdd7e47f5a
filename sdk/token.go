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

// ErrInactive is a token that is unknown, expired or revoked: one answer for all (RFC 7662 §2.2).
var ErrInactive = errors.New("token is not active")

// Token is what a live token stands for. It is shared by all who ask about the same token: it is read and never changed.
type Token struct {
	// Kind is what sort of credential it is; zero, which opens nothing, for one that this version does not know.
	Kind enforce.Kind
	// Subject is the user, `usr_…`; for an API key the key itself, `key_…`.
	Subject string
	// Username is the same as Subject: unique, and never the e-mail address.
	Username string
	// Name is the user's display name; two users may have the same. Empty for an API key.
	Name string
	// ClientID is the app that the token was issued to; empty for an API key.
	ClientID string
	// WorkspaceID is the only workspace that the token is good for, `ws_…`; empty for a user token that is good for all of the user's.
	WorkspaceID string
	// Plan is the plan of the workspace, by its name in the catalog.
	Plan string
	// Scopes are the permissions, in the order they were asked. They bind an access token and nothing else.
	Scopes []string
	// Issuer is the authorization server (RFC 8414 §2).
	Issuer string
	// IssuedAt and ExpiresAt are whole seconds of the server's clock. ExpiresAt is zero for a token without an end, such as an API key.
	IssuedAt, ExpiresAt time.Time
}

// String describes the token for a log line: who holds it, through which client, in which workspace, with which scopes. The
// credential itself is not part of a Token.
func (t *Token) String() string {
	return fmt.Sprintf("%s of %s (client %q, workspace %q, scopes %q)",
		t.Kind, t.Subject, t.ClientID, t.WorkspaceID, strings.Join(t.Scopes, " "))
}

// Has reports whether the token has a scope: the whole name, and no other implies it.
func (t *Token) Has(scope string) bool { return slices.Contains(t.Scopes, scope) }

// subject is what package enforce needs to know of the token.
func (t *Token) subject() enforce.Subject {
	return enforce.Subject{Kind: t.Kind, Scopes: t.Scopes, Plan: t.Plan}
}

type contextKey struct{}

// NewContext is ctx with the token of the request that it belongs to.
func NewContext(ctx context.Context, t *Token) context.Context {
	return context.WithValue(ctx, contextKey{}, t)
}

// FromContext is the token that middleware put into the request's context; ok is false where none did.
func FromContext(ctx context.Context) (t *Token, ok bool) {
	t, _ = ctx.Value(contextKey{}).(*Token)
	return t, t != nil
}

// tokenOf reads an active answer. What many tokens say alike is kept once, so that a check finds it in the processor's cache.
func (w *words) tokenOf(res *tokenv1.IntrospectTokenResponse) Token {
	username := res.GetUsername()
	if username == res.GetSub() {
		username = res.GetSub() // one copy for both
	}
	return Token{
		Kind: enforce.KindNumbered(int32(res.GetKind())), Subject: res.GetSub(), Username: username, Name: res.GetName(), ClientID: res.GetClientId(),
		WorkspaceID: res.GetWorkspaceId(), Plan: same(res.GetPlan()), Scopes: w.fields(res.GetScope()), Issuer: same(res.GetIss()),
		IssuedAt: moment(res.GetIat()), ExpiresAt: moment(res.GetExp()),
	}
}

// wellFormed reports whether a string can be a bearer's token at all.
func wellFormed(token string) bool {
	kind := enforce.KindOf(token)
	return kind != 0 && kind != enforce.RefreshToken
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
