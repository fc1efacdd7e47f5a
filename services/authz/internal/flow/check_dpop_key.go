package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// dpopKeyParam is the parameter of RFC 9449 §10.
const dpopKeyParam = "dpop_jkt"

// checkProof refuses a proof that the client's profile does not allow, as the token endpoint does. Whether
// it is one for this request is checked before, by the token service.
func checkProof(_ context.Context, _ Flow, a *request) error {
	if a.client.Profile == client.FAPI2 && oauth.FAPI2Excludes(a.proof.Algorithm) {
		return redirectWith(cause.ProofAlgorithm, "invalid_dpop_proof", "the DPoP proof must not be signed with RS256")
	}
	return nil
}

// checkDPoPKey reads the key that the code is bound to: the parameter dpop_jkt, or the key of the
// proof beside a pushed request. If there are both they must be the same (RFC 9449 §10.1).
func checkDPoPKey(_ context.Context, _ Flow, a *request) error {
	key := a.value(dpopKeyParam)
	switch {
	case key == "":
		a.DPoPKey = a.proof.Key
		return nil
	case !isThumbprint(key):
		return invalidRequest(cause.DPoPKeyMalformed, "the parameter dpop_jkt must be a SHA-256 thumbprint: 43 base64url characters")
	case a.proof.Key != "" && a.proof.Key != key:
		return invalidRequest(cause.DPoPKeyContradictory, "the parameter dpop_jkt is not the key of the DPoP proof")
	}
	a.DPoPKey = key
	return nil
}

// isThumbprint reports whether a string is the base64url text of a SHA-256 hash (RFC 7638 §3).
func isThumbprint(key string) bool {
	if len(key) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(key)
	return err == nil && len(raw) == sha256.Size // the decoder leaves out line breaks
}
