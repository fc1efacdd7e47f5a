package idtoken

import (
	"cmp"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/logout"
)

const (
	// logoutLifetime is how long a logout token is valid: it is made anew for each attempt.
	logoutLifetime = 2 * time.Minute
	// logoutTyp is the header member of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4).
	logoutTyp = "logout+jwt"
	// logoutEvent is the member of the claim events.
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// logoutClaims are the claims of a logout token. It has no nonce, so that no client takes it for an ID
// token (OpenID Connect Back-Channel Logout 1.0 §2.4).
type logoutClaims struct {
	Issuer    string              `json:"iss"`
	Subject   string              `json:"sub"`
	Audience  string              `json:"aud"`
	Expires   int64               `json:"exp"`
	IssuedAt  int64               `json:"iat"`
	ID        string              `json:"jti"`
	SessionID string              `json:"sid"`
	Events    map[string]struct{} `json:"events"`
}

// LogoutToken is logout.Tokens.
func (i Issuer) LogoutToken(algorithm string, s logout.Session) (secret.String, error) {
	now := i.Keys.Now()
	text, err := i.Keys.Sign(cmp.Or(algorithm, oauth.IDTokenAlgorithms()[0]), logoutTyp, logoutClaims{
		Issuer: i.Name, Subject: s.Subject, Audience: s.ClientID, Expires: now.Add(logoutLifetime).Unix(), IssuedAt: now.Unix(),
		ID: secret.NewCode().Reveal(), SessionID: s.ID, Events: map[string]struct{}{logoutEvent: {}},
	})
	return secret.New(text), err
}
