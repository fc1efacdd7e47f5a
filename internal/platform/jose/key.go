package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"github.com/vidocu/usher/internal/platform/oauth"
)

const (
	// MaxKeyID bounds a kid, in bytes.
	MaxKeyID = 256
	// maxKeys bounds the keys of a set: more are not parsed.
	maxKeys = 32
	// The modulus of an RSA key, in bits, and its exponent. Larger ones make each signature expensive to
	// verify.
	minModulus, maxModulus, maxExponent = 2048, 4096, 65537
)

// Key is a public key that verifies signatures.
type Key struct {
	// ID is the key's kid, or its thumbprint (RFC 7638) if it has none.
	ID     string
	public jose.JSONWebKey
}

// Type returns the kty: `RSA`, `EC` or `OKP`.
func (k Key) Type() string {
	switch k.public.Key.(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *ecdsa.PublicKey:
		return "EC"
	case ed25519.PublicKey:
		return "OKP"
	}
	return ""
}

// Algorithms returns the permitted algorithms that the key verifies, by its type and its alg.
func (k Key) Algorithms() []string {
	byType := map[string][]string{"RSA": {"PS256", "RS256"}, "EC": {"ES256"}, "OKP": {"EdDSA"}}[k.Type()]
	return slices.DeleteFunc(oauth.SigningAlgorithms(), func(alg string) bool {
		return !slices.Contains(byType, alg) || k.public.Algorithm != "" && k.public.Algorithm != alg
	})
}

// Verifies reports whether the key verifies signatures with the algorithm.
func (k Key) Verifies(algorithm string) bool { return slices.Contains(k.Algorithms(), algorithm) }

// JSON returns the key as a JWK, with its identifier and without members that have no meaning here.
func (k Key) JSON() ([]byte, error) {
	plain := jose.JSONWebKey{Key: k.public.Key, KeyID: k.ID, Algorithm: k.public.Algorithm, Use: "sig"}
	text, err := plain.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing a key: %w", err)
	}
	return text, nil
}

// ParseKey parses a JWK. Its error says what is wrong with the key.
func ParseKey(jwk []byte) (Key, error) {
	var members map[string]*json.RawMessage
	if err := json.Unmarshal(jwk, &members); err != nil || members == nil {
		return Key{}, errors.New("is not a JSON object, or has a member twice")
	}
	for _, secret := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"} {
		if _, has := members[secret]; has {
			return Key{}, fmt.Errorf("has the member %s of a private or symmetric key: a key whose secret was sent must not be used any more", secret)
		}
	}
	// A certificate says nothing here: the registration is what makes a key the client's.
	for _, unread := range []string{"x5c", "x5u", "x5t", "x5t#S256"} {
		delete(members, unread)
	}
	plain, err := json.Marshal(members)
	if err != nil {
		return Key{}, errors.New("is not readable")
	}
	if err := checkLength(members); err != nil {
		return Key{}, err
	}
	var public jose.JSONWebKey
	if err := public.UnmarshalJSON(plain); err != nil {
		return Key{}, errors.New("is not a JWK of an RSA, EC or OKP key")
	}
	if err := checkKey(public); err != nil {
		return Key{}, err
	}
	key := Key{ID: public.KeyID, public: public}
	if len(key.Algorithms()) == 0 {
		return Key{}, fmt.Errorf("has an alg that is not supported, or not for its type: there are %s", oauth.JoinNames(oauth.SigningAlgorithms(), "and"))
	}
	if key.ID == "" {
		if key.ID = key.Thumbprint(); key.ID == "" {
			return Key{}, errors.New("has no thumbprint")
		}
	}
	return key, nil
}

// Thumbprint returns the SHA-256 thumbprint of the key (RFC 7638) in base64url.
func (k Key) Thumbprint() string {
	print, err := k.public.Thumbprint(crypto.SHA256)
	if err != nil {
		return "" // never of a key that ParseKey returned
	}
	return base64.RawURLEncoding.EncodeToString(print)
}

// checkKey refuses keys that cannot verify a permitted algorithm, and weak ones.
func checkKey(public jose.JSONWebKey) error {
	if public.Use != "" && public.Use != "sig" {
		return errors.New("has a use other than sig")
	}
	if len(public.KeyID) > MaxKeyID {
		return fmt.Errorf("has a kid of more than %d bytes", MaxKeyID)
	}
	switch key := public.Key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minModulus || bits > maxModulus {
			return wrongLength(bits)
		}
		if key.E < 3 || key.E > maxExponent || key.E%2 == 0 {
			return fmt.Errorf("is an RSA key with an exponent that is not an odd number from 3 to %d", maxExponent)
		}
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return errors.New("is on another curve than P-256")
		}
	case ed25519.PublicKey:
	default:
		return errors.New("is not an RSA, EC or OKP key")
	}
	return nil
}

// checkLength refuses an RSA key that is too long, which go-jose refuses without saying why.
func checkLength(members map[string]*json.RawMessage) error {
	text := func(name string) (value string) {
		if member := members[name]; member == nil || json.Unmarshal(*member, &value) != nil {
			return ""
		}
		return value
	}
	if text("kty") != "RSA" {
		return nil
	}
	modulus, err := base64.RawURLEncoding.DecodeString(text("n"))
	if err != nil {
		return nil //nolint:nilerr // go-jose refuses it
	}
	if bits := new(big.Int).SetBytes(modulus).BitLen(); bits > maxModulus {
		return wrongLength(bits)
	}
	return nil
}

func wrongLength(bits int) error {
	return fmt.Errorf("is an RSA key of %d bits, and must have %d to %d", bits, minModulus, maxModulus)
}

// elements returns the keys of a JWK Set, not parsed.
func elements(set []byte) ([]json.RawMessage, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &document); err != nil || document.Keys == nil {
		return nil, errors.New("is not a JWK Set: a JSON object with the member keys, which is a list")
	}
	if len(document.Keys) > maxKeys {
		return nil, fmt.Errorf("has more than %d keys", maxKeys)
	}
	return document.Keys, nil
}

// ParseSet parses a JWK Set (RFC 7517 §5) of which every key must be usable, and must have another
// identifier. Its error names the key at fault.
func ParseSet(set []byte) ([]Key, error) {
	list, err := elements(set)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for i, jwk := range list {
		key, err := ParseKey(jwk)
		if err != nil {
			return nil, fmt.Errorf("has key number %d, which %w", i+1, err)
		}
		if slices.ContainsFunc(keys, func(other Key) bool { return other.ID == key.ID }) {
			return nil, fmt.Errorf("has two keys with the same kid, of which number %d is the second", i+1)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// UsableKeys parses a JWK Set that may also have keys for other purposes: it leaves those out (RFC
// 7517 §5).
func UsableKeys(set []byte) ([]Key, error) {
	list, err := elements(set)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, jwk := range list {
		if key, err := ParseKey(jwk); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
