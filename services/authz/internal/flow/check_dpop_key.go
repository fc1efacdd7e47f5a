package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// dpopKeyParam is the parameter of RFC 9449 §10.
const dpopKeyParam = "dpop_jkt"

// checkDPoPKey reads the key that the code is bound to: the parameter dpop_jkt, or the key of the
// proof beside a pushed request. If there are both they must be the same (RFC 9449 §10.1).
func checkDPoPKey(_ context.Context, _ Flow, a *request) error {
	key := a.value(dpopKeyParam)
	switch {
	case key == "":
		a.DPoPKey = a.proofKey
		return nil
	case !isThumbprint(key):
		return invalidRequest(cause.DPoPKeyMalformed, "the parameter dpop_jkt must be a SHA-256 thumbprint: 43 base64url characters")
	case a.proofKey != "" && a.proofKey != key:
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
