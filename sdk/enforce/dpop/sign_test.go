package dpop_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

var now = time.Unix(1_900_000_000, 0) //nolint:gochecknoglobals // a constant

// request is the request that the tests' proofs are for.
func request() dpop.Request {
	return dpop.Request{Method: "POST", URL: "https://api.test/oauth/token", Now: now}
}

// signer signs proofs with the standard library alone.
type signer struct {
	algorithm string
	private   crypto.Signer
}

func newSigner(t testing.TB, algorithm string) signer {
	t.Helper()
	s := signer{algorithm: algorithm}
	var err error
	switch algorithm {
	case "ES256":
		s.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, s.private, err = ed25519.GenerateKey(rand.Reader)
	default:
		s.private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk returns the public key.
func (s signer) jwk() map[string]any {
	switch public := s.private.Public().(type) {
	case *ecdsa.PublicKey:
		point, _ := public.Bytes() // a point of P-256 always encodes
		return map[string]any{"kty": "EC", "crv": "P-256", "x": text(point[1:33]), "y": text(point[33:])}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": text(public)}
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": text(public.N.Bytes()), "e": text(big.NewInt(int64(public.E)).Bytes())}
	}
	return nil
}

// claims returns those of a good proof with some replaced, given as alternating names and values; nil
// removes one.
func claims(change ...any) map[string]any {
	return replaced(map[string]any{"jti": "an id", "htm": "POST", "htu": "https://api.test/oauth/token", "iat": now.Unix()}, change)
}

func replaced(members map[string]any, change []any) map[string]any {
	for i := 0; i+1 < len(change); i += 2 {
		name, _ := change[i].(string)
		if members[name] = change[i+1]; change[i+1] == nil {
			delete(members, name)
		}
	}
	return members
}

// proof signs claims, which are JSON text or are encoded, under a header with some members replaced.
func (s signer) proof(t testing.TB, payload any, header ...any) string {
	t.Helper()
	head := replaced(map[string]any{"typ": "dpop+jwt", "alg": s.algorithm, "jwk": s.jwk()}, header)
	return s.sign(t, encode(t, head), encode(t, payload))
}

func encode(t testing.TB, value any) string {
	t.Helper()
	if raw, ok := value.(string); ok {
		return raw
	}
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func (s signer) sign(t testing.TB, header, payload string) string {
	t.Helper()
	signed := text([]byte(header)) + "." + text([]byte(payload))
	sum := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch private := s.private.(type) {
	case *ecdsa.PrivateKey:
		var r, v *big.Int
		if r, v, err = ecdsa.Sign(rand.Reader, private, sum[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(private, []byte(signed))
	case *rsa.PrivateKey:
		if s.algorithm == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, private, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + text(signature)
}
