package jose

import (
	"errors"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Why a token is refused before its signature is verified.
var (
	// ErrMalformed is returned for text that is not a JWS in compact serialization.
	ErrMalformed = errors.New("not a signed JWT")
	// ErrAlgorithm is returned for a token whose alg is not permitted.
	ErrAlgorithm = errors.New("the algorithm is not permitted")
	// ErrSignature is returned for a token that the key did not sign.
	ErrSignature = errors.New("the signature is wrong")
)

// Token is a JWS in compact serialization (RFC 7515 §7.1) whose algorithm is a permitted one. Until
// Verify its content comes from a stranger.
type Token struct {
	jws *jose.JSONWebSignature
	// KeyID, Algorithm and Type are kid, alg and typ of the header; empty if absent.
	KeyID, Algorithm, Type string
}

// ParseToken parses a token of at most limit bytes. It returns ErrMalformed or ErrAlgorithm.
func ParseToken(text string, limit int) (Token, error) {
	// The decoder of base64 leaves out line breaks, so that one token had many spellings.
	if len(text) > limit || strings.Count(text, ".") != 2 || strings.ContainsFunc(text, foreign) {
		return Token{}, ErrMalformed
	}
	var permitted []jose.SignatureAlgorithm
	for _, name := range oauth.SigningAlgorithms() {
		permitted = append(permitted, jose.SignatureAlgorithm(name))
	}
	jws, err := jose.ParseSignedCompact(text, permitted)
	var other *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &other):
		return Token{}, ErrAlgorithm
	case err != nil || len(jws.Signatures) != 1:
		return Token{}, ErrMalformed
	}
	header := jws.Signatures[0].Protected
	token := Token{jws: jws, KeyID: header.KeyID, Algorithm: header.Algorithm}
	if typ, has := header.ExtraHeaders[jose.HeaderType]; has {
		name, isString := typ.(string)
		if !isString {
			return Token{}, ErrMalformed
		}
		token.Type = name
	}
	return token, nil
}

// foreign reports whether a character is neither one of base64url nor the separator.
func foreign(c rune) bool {
	return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
}

// Unverified returns the payload, which anyone may have written.
func (t Token) Unverified() []byte { return t.jws.UnsafePayloadWithoutVerification() }

// Candidates returns the keys that may have signed the token: those that verify its algorithm and
// have its kid, if it has one. No other member of the header chooses a key.
func (t Token) Candidates(keys []Key) []Key {
	return slices.DeleteFunc(slices.Clone(keys), func(key Key) bool {
		return !key.Verifies(t.Algorithm) || t.KeyID != "" && key.ID != t.KeyID
	})
}

// Verify returns the payload if the key signed the token, and ErrSignature otherwise.
func (t Token) Verify(key Key) ([]byte, error) {
	if !key.Verifies(t.Algorithm) {
		return nil, ErrSignature
	}
	payload, err := t.jws.Verify(key.public.Key)
	if err != nil {
		return nil, ErrSignature
	}
	return payload, nil
}

// UnmarshalJSON parses JSON like encoding/json, except that it refuses a member that appears twice,
// and ignores one in another case: a signer and a verifier cannot read different claims.
func UnmarshalJSON(text []byte, into any) error { return json.Unmarshal(text, into) }
