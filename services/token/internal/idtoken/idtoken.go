package idtoken

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

const (
	// Lifetime is how long an ID token is valid.
	Lifetime = time.Hour
	// typ is the header member of an ID token. Other JWTs of this server have another one, so that none
	// is taken for another.
	typ = "JWT"
	// maxSize bounds an ID token that is verified, in bytes.
	maxSize = 8 << 10
)

// ErrInvalid is returned for a string that is not an ID token of this server, and for one whose user is
// not known any more.
var ErrInvalid = errors.New("not an ID token of this server")

// Keys sign and verify.
type Keys interface {
	// Sign signs claims with the current key of an algorithm.
	Sign(algorithm, typ string, claims any) (string, error)
	// Verifying returns the public keys of all signatures that are still accepted.
	Verifying() []jose.Key
	// Now returns the time.
	Now() time.Time
}

// Users finds the user of a pairwise subject.
type Users interface {
	// UserOfSubject returns ErrInvalid where no grant has the subject.
	UserOfSubject(ctx context.Context, clientID, subject string) (userID string, err error)
}

// Issuer issues ID tokens. Its methods may be called concurrently.
type Issuer struct {
	Keys  Keys
	Users Users
	// Name is the issuer's identifier, the claim iss.
	Name string
}

// claims are the claims of an ID token. Times are seconds since 1970.
type claims struct {
	Issuer      string `json:"iss"`
	Subject     string `json:"sub"`
	Audience    string `json:"aud"`
	Expires     int64  `json:"exp"`
	IssuedAt    int64  `json:"iat"`
	AuthTime    int64  `json:"auth_time,omitempty"`
	Nonce       string `json:"nonce,omitempty"`
	AccessHash  string `json:"at_hash,omitempty"`
	SessionID   string `json:"sid,omitempty"`
	WorkspaceID string `json:"https://vidocu.ai/claims/workspace,omitempty"`
}

// Issue is grant.IDTokens.
func (i Issuer) Issue(client grant.Client, pair grant.TokenPair) (secret.String, error) {
	user, now := pair.Identity, i.Keys.Now()
	c := claims{
		Issuer: i.Name, Subject: user.Sub(), Audience: client.ID, Expires: now.Add(Lifetime).Unix(), IssuedAt: now.Unix(),
		Nonce: user.Nonce, AccessHash: accessHash(pair.Access), SessionID: user.SessionID, WorkspaceID: user.WorkspaceID,
	}
	if !user.AuthTime.IsZero() {
		c.AuthTime = user.AuthTime.Unix()
	}
	text, err := i.Keys.Sign(cmp.Or(client.IDTokenAlgorithm, oauth.IDTokenAlgorithms()[0]), typ, c)
	return secret.New(text), err
}

// accessHash is at_hash: the left half of the hash of the access token, with the hash of the signature
// algorithm (OpenID Connect Core §3.1.3.6). Each of oauth.IDTokenAlgorithms has SHA-256.
func accessHash(access secret.String) string {
	sum := sha256.Sum256([]byte(access.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// Hint is what an ID token says that was issued before.
type Hint struct {
	ClientID, UserID string
	// SessionID is empty where the token names no session.
	SessionID string
}

// Check verifies an ID token, expired or not (OpenID Connect Core §3.1.2.1, id_token_hint). It returns
// ErrInvalid.
func (i Issuer) Check(ctx context.Context, text string) (Hint, error) {
	token, err := jose.ParseToken(text, maxSize)
	if err != nil || token.Type != typ || token.KeyID == "" {
		return Hint{}, ErrInvalid
	}
	for _, key := range token.Candidates(i.Keys.Verifying()) {
		payload, err := token.Verify(key)
		if err != nil {
			continue
		}
		var c claims
		if err := jose.UnmarshalJSON(payload, &c); err != nil || c.Issuer != i.Name || c.Audience == "" || c.Subject == "" {
			return Hint{}, ErrInvalid
		}
		return i.hint(ctx, c)
	}
	return Hint{}, ErrInvalid
}

func (i Issuer) hint(ctx context.Context, c claims) (Hint, error) {
	hint := Hint{ClientID: c.Audience, UserID: c.Subject, SessionID: c.SessionID}
	if !oauth.IsPairwiseSubject(c.Subject) {
		return hint, nil
	}
	var err error
	hint.UserID, err = i.Users.UserOfSubject(ctx, c.Audience, c.Subject)
	return hint, err
}
