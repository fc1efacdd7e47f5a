package dpop

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

const (
	// MaxLength bounds a proof, in bytes. One with an RSA key of 4096 bits has 2 KiB.
	MaxLength = 8 << 10
	// MaxID bounds a jti, in bytes.
	MaxID = 256
	// Window is how far iat may be from now, in either direction: clocks differ, and FAPI 2.0 §5.3.2.1
	// requires ten seconds ahead.
	Window = time.Minute
	// Lifetime is how long the use of a proof must be stored: no server accepts the proof for longer.
	Lifetime = 2*Window + time.Second
)

// Request is what a proof must be for.
type Request struct {
	// Method is the HTTP method.
	Method string
	// URL is the URL of the request as it is configured; a query and a fragment are ignored.
	URL string
	// AccessToken is the token that the proof is sent with; empty at an endpoint that takes none.
	AccessToken string
	Now         time.Time
	// Nonces are those that a proof must have one of; nil where it needs none.
	Nonces *Nonces
}

// Proof is a proof whose signature and claims are right. Whether it was used before is not checked.
type Proof struct {
	// Thumbprint is that of the key (RFC 7638 §3, SHA-256): jkt.
	Thumbprint string
	// Algorithm is the alg.
	Algorithm string
	// ID is the SHA-256 of the thumbprint, the normalized URL and the jti: no other proof has it.
	ID [sha256.Size]byte
}

// Verify verifies a proof. Its error is an *Error.
func Verify(text string, r Request) (Proof, error) {
	if len(text) > MaxLength {
		return Proof{}, refuse(Malformed)
	}
	token, err := parse(text)
	if err != nil {
		return Proof{}, err
	}
	switch {
	case token.header.Type != "dpop+jwt":
		return Proof{}, refuse(Type)
	case !supported(token.header.Algorithm):
		return Proof{}, refuse(Algorithm)
	}
	key, err := parseKey(token.header.Key, token.header.Algorithm)
	if err != nil {
		return Proof{}, err
	}
	if !key.verifies(token) {
		return Proof{}, refuse(Signature)
	}
	return check(token.claims, key, r)
}

// check checks the claims of a proof whose signature is right.
func check(c claims, key publicKey, r Request) (Proof, error) {
	url, ok := normalize(r.URL)
	sent, sentOK := normalize(c.URL)
	issued := c.IssuedAt
	switch {
	case c.Method != r.Method || c.Method == "":
		return Proof{}, refuse(Method)
	case !ok || !sentOK || url != sent:
		return Proof{}, refuse(URL)
	case issued == nil || outside(*issued, r.Now):
		return Proof{}, refuse(Time)
	case c.ID == "" || len(c.ID) > MaxID:
		return Proof{}, refuse(ID)
	case r.AccessToken != "" && !isHashOf(c.TokenHash, r.AccessToken):
		return Proof{}, refuse(Token)
	case r.Nonces != nil && !r.Nonces.Valid(c.Nonce, r.Now):
		return Proof{}, refuse(Nonce)
	}
	thumbprint := key.thumbprint()
	// The separator is in neither a thumbprint nor a URL, so that no two proofs have the same text.
	return Proof{Thumbprint: thumbprint, Algorithm: key.algorithm, ID: sha256.Sum256([]byte(thumbprint + " " + url + " " + c.ID))}, nil
}

// outside reports whether a time, in seconds since 1970, is outside of the window around now.
func outside(seconds float64, now time.Time) bool {
	distance := seconds - float64(now.UnixMicro())/1e6
	return !(distance >= -Window.Seconds() && distance <= Window.Seconds()) // also where it is not a number
}

// isHashOf reports whether ath is the base64url SHA-256 of a token (RFC 9449 §4.2).
func isHashOf(ath, token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare([]byte(ath), []byte(base64.RawURLEncoding.EncodeToString(sum[:]))) == 1
}
