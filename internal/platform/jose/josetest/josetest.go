// Package josetest signs JWTs for tests, also ones that no library would sign.
//
// It owns key pairs and signatures, made with the standard library alone, so that what verifies them
// does not make them.
package josetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
)

// Signer is a key pair with its algorithm.
type Signer struct {
	// ID is the kid of the JWK and of the header.
	ID string
	// Algorithm is the alg of the header.
	Algorithm string
	private   crypto.Signer
	mac       []byte
}

// New generates a key pair for ES256, PS256, RS256 or EdDSA.
func New(t testing.TB, algorithm, id string) Signer {
	t.Helper()
	private, err := generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return Signer{ID: id, Algorithm: algorithm, private: private}
}

func generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case "RS256", "PS256":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("no key pair for %s", algorithm)
}

// Named returns the key pair under another kid; empty for none.
func (s Signer) Named(id string) Signer { s.ID = id; return s }

// HMAC returns a signer that takes the given bytes, such as a public key, as the secret of HS256.
func HMAC(secret []byte, id string) Signer { return Signer{ID: id, Algorithm: "HS256", mac: secret} }

// JWK returns the public key with further members, given as alternating names and values.
func (s Signer) JWK(more ...any) string {
	text := base64.RawURLEncoding.EncodeToString
	var members map[string]any
	switch public := s.private.Public().(type) {
	case *ecdsa.PublicKey:
		point, _ := public.Bytes() // a point of P-256 always encodes
		members = map[string]any{"kty": "EC", "crv": "P-256", "x": text(point[1:33]), "y": text(point[33:])}
	case ed25519.PublicKey:
		members = map[string]any{"kty": "OKP", "crv": "Ed25519", "x": text(public)}
	case *rsa.PublicKey:
		members = map[string]any{"kty": "RSA", "n": text(public.N.Bytes()), "e": text(big.NewInt(int64(public.E)).Bytes())}
	}
	if s.ID != "" {
		members["kid"] = s.ID
	}
	for i := 0; i+1 < len(more); i += 2 {
		members[fmt.Sprint(more[i])] = more[i+1]
	}
	jwk, _ := json.Marshal(members) // strings always encode
	return string(jwk)
}

// Set returns the JWK Set of public keys.
func Set(signers ...Signer) string {
	keys := make([]string, len(signers))
	for i, s := range signers {
		keys[i] = s.JWK()
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// Sign returns a JWT with the claims, which are JSON text or are encoded as JSON. The header has the
// alg and kid of the signer, and the members of header instead of or beside them; nil removes one.
func (s Signer) Sign(t testing.TB, header map[string]any, claims any) string {
	t.Helper()
	all := map[string]any{"alg": s.Algorithm}
	if s.ID != "" {
		all["kid"] = s.ID
	}
	maps.Copy(all, header)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	payload, isText := claims.(string)
	if !isText {
		encoded, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		payload = string(encoded)
	}
	head, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := s.sign([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (s Signer) sign(text []byte) ([]byte, error) {
	sum := sha256.Sum256(text)
	switch {
	case s.mac != nil:
		mac := hmac.New(sha256.New, s.mac)
		mac.Write(text)
		return mac.Sum(nil), nil
	case s.Algorithm == "EdDSA":
		return s.private.Sign(rand.Reader, text, crypto.Hash(0))
	case s.Algorithm == "PS256":
		return s.private.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case s.Algorithm == "ES256":
		private, _ := s.private.(*ecdsa.PrivateKey)
		r, v, err := ecdsa.Sign(rand.Reader, private, sum[:])
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...), nil
	}
	return s.private.Sign(rand.Reader, sum[:], crypto.SHA256)
}
