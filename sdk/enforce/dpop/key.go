package dpop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
)

// The modulus of an RSA key, in bits, and its exponent. Larger ones make each proof expensive to verify:
// one of 8192 bits with an exponent of 31 bits takes as long as sixty of
// 2048 bits.
const minModulus, maxModulus, maxExponent = 2048, 4096, 65537

// coordinateSize is the size of a coordinate of P-256, and of each half of an ES256 signature, in bytes
// (RFC 7518 §3.4).
const coordinateSize = 32

// Algorithms returns the signature algorithms of proofs (RFC 7518 §3.1, RFC 8037 §3.1), for metadata:
// each with a private key, hence neither `none` nor HMAC.
func Algorithms() []string { return []string{"ES256", "EdDSA", "PS256", "RS256"} }

func supported(algorithm string) bool { return slices.Contains(Algorithms(), algorithm) }

// publicKey is the key of a proof.
type publicKey struct {
	algorithm string
	key       crypto.PublicKey
	// canonical is the JSON that RFC 7638 §3.2 hashes.
	canonical string
}

// jwk has the members of a JWK that are read.
type jwk struct {
	Type, Use, Algorithm, Curve, X, Y, N, E string
}

// parseKey parses a public JWK for an algorithm. Its coordinates and numbers must have their only
// spelling, so that the key has one thumbprint.
func parseKey(text json.RawMessage, algorithm string) (publicKey, error) {
	var k jwk
	into := map[string]any{
		"kty": &k.Type, "use": &k.Use, "alg": &k.Algorithm, "crv": &k.Curve, "x": &k.X, "y": &k.Y, "n": &k.N, "e": &k.E,
	}
	var private json.RawMessage
	for _, name := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"} {
		into[name] = &private
	}
	if len(text) == 0 || !members(text, into) {
		return publicKey{}, refuse(Malformed)
	}
	if private != nil || k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != algorithm {
		return publicKey{}, refuse(Key)
	}
	found, ok := publicKey{}, false
	switch {
	case algorithm == "ES256" && k.Type == "EC" && k.Curve == "P-256":
		found, ok = k.p256()
	case algorithm == "EdDSA" && k.Type == "OKP" && k.Curve == "Ed25519":
		found, ok = k.ed25519()
	case (algorithm == "PS256" || algorithm == "RS256") && k.Type == "RSA":
		found, ok = k.rsa()
	}
	if !ok {
		return publicKey{}, refuse(Key)
	}
	found.algorithm = algorithm
	return found, nil
}

func (k jwk) p256() (publicKey, bool) {
	x, okX := decode(k.X)
	y, okY := decode(k.Y)
	if !okX || !okY || len(x) != coordinateSize || len(y) != coordinateSize {
		return publicKey{}, false
	}
	point := append(append([]byte{4}, x...), y...) // SEC 1 §2.3.3, not compressed
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	return publicKey{key: key, canonical: `{"crv":"P-256","kty":"EC","x":"` + k.X + `","y":"` + k.Y + `"}`}, err == nil
}

func (k jwk) ed25519() (publicKey, bool) {
	x, ok := decode(k.X)
	if !ok || len(x) != ed25519.PublicKeySize {
		return publicKey{}, false
	}
	return publicKey{key: ed25519.PublicKey(x), canonical: `{"crv":"Ed25519","kty":"OKP","x":"` + k.X + `"}`}, true
}

func (k jwk) rsa() (publicKey, bool) {
	n, okN := decode(k.N)
	e, okE := decode(k.E)
	if !okN || !okE || n[0] == 0 || e[0] == 0 { // leading zeros are another spelling (RFC 7518 §2)
		return publicKey{}, false
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	bits := modulus.BitLen()
	if bits < minModulus || bits > maxModulus || modulus.Bit(0) == 0 || !exponent.IsInt64() || exponent.Int64() > maxExponent ||
		exponent.Int64() < 3 || exponent.Bit(0) == 0 {
		return publicKey{}, false
	}
	key := &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	return publicKey{key: key, canonical: `{"e":"` + k.E + `","kty":"RSA","n":"` + k.N + `"}`}, true
}

// thumbprint is RFC 7638 §3 with SHA-256. The values have base64url characters alone, so that the
// canonical JSON needs no escapes.
func (p publicKey) thumbprint() string {
	sum := sha256.Sum256([]byte(p.canonical))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// verifies reports whether the key made the signature.
func (p publicKey) verifies(t token) bool {
	if key, ok := p.key.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, []byte(t.signed), t.signature)
	}
	sum := sha256.Sum256([]byte(t.signed))
	switch key := p.key.(type) {
	case *ecdsa.PublicKey:
		if len(t.signature) != 2*coordinateSize {
			return false
		}
		r, s := new(big.Int).SetBytes(t.signature[:coordinateSize]), new(big.Int).SetBytes(t.signature[coordinateSize:])
		return ecdsa.Verify(key, sum[:], r, s)
	case *rsa.PublicKey:
		if p.algorithm == "RS256" {
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], t.signature) == nil
		}
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], t.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
