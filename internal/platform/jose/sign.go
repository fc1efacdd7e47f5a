package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// generatedModulus is the modulus of a generated RSA key, in bits.
const generatedModulus = 2048

// PrivateKey signs JWTs with one algorithm.
type PrivateKey struct {
	// Public verifies the signatures. Its identifier is the thumbprint.
	Public Key
	// Algorithm is the alg of the signatures.
	Algorithm string
	private   crypto.Signer
}

// GenerateKey generates a key for RS256 or ES256.
func GenerateKey(algorithm string) (PrivateKey, error) {
	var private crypto.Signer
	var err error
	switch algorithm {
	case "RS256":
		private, err = rsa.GenerateKey(rand.Reader, generatedModulus)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return PrivateKey{}, fmt.Errorf("no key is generated for the algorithm %q", algorithm)
	}
	if err != nil {
		return PrivateKey{}, fmt.Errorf("generating a key: %w", err)
	}
	return privateKey(algorithm, private)
}

// ParsePrivateKey parses what Marshal returned.
func ParsePrivateKey(algorithm string, der []byte) (PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return PrivateKey{}, errors.New("is not a private key") // the error of the parser may contain the key
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return PrivateKey{}, errors.New("is not a private key that signs")
	}
	return privateKey(algorithm, private)
}

func privateKey(algorithm string, private crypto.Signer) (PrivateKey, error) {
	jwk, err := jose.JSONWebKey{Key: private.Public(), Algorithm: algorithm, Use: "sig"}.MarshalJSON()
	if err != nil {
		return PrivateKey{}, fmt.Errorf("writing a key: %w", err)
	}
	public, err := ParseKey(jwk)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("the key %w", err)
	}
	return PrivateKey{Public: public, Algorithm: algorithm, private: private}, nil
}

// Marshal returns the private key in PKCS #8: it must be encrypted before it is stored.
func (k PrivateKey) Marshal() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return der, nil
}

// Sign returns the claims as a JWS in compact serialization, with kid, alg and typ in its header and
// nothing else.
func (k PrivateKey) Sign(typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding claims: %w", err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: jose.JSONWebKey{Key: k.private, KeyID: k.Public.ID}},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("preparing a signature: %w", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return jws.CompactSerialize()
}
