package rpc

import (
	"cmp"
	"context"
	"errors"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/proofheader"
	"github.com/vidocu/usher/sdk/enforce/dpop"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// ProofVerifier verifies the DPoP proofs of the endpoints that clients call. That a proof is used once
// is recorded in authz, together with the client's authentication: a failed one spends nothing.
type ProofVerifier struct {
	// Origin is the scheme, host and port of the endpoints, as they are configured.
	Origin string
	Now    func() time.Time
	// Nonces are those that a proof must have one of; nil where it needs none.
	Nonces *dpop.Nonces
}

// Read verifies the proof of a request to the endpoint with a path; the zero value for a request
// without one. It returns a *grant.ProofError.
func (v ProofVerifier) Read(ctx context.Context, path string) (grant.Proof, error) {
	sent := proofheader.From(ctx)
	switch len(sent) {
	case 0:
		return grant.Proof{}, nil
	case 1:
	default:
		return grant.Proof{}, grant.InvalidProof(cause.ProofRepeated, "the request has more than one DPoP header")
	}
	proof, err := dpop.Verify(sent[0], dpop.Request{Method: "POST", URL: v.Origin + path, Now: v.Now(), Nonces: v.Nonces})
	var refused *dpop.Error
	if errors.As(err, &refused) && refused.Fault == dpop.Nonce {
		return grant.Proof{}, cause.With(&grant.ProofError{Problem: refused.Error(), Nonce: v.Nonces.Issue(v.Now())}, cause.ProofNonce)
	}
	if errors.As(err, &refused) {
		return grant.Proof{}, grant.InvalidProof(proofCause(refused.Fault), refused.Error())
	}
	if err != nil {
		return grant.Proof{}, err
	}
	return grant.Proof{Key: proof.Thumbprint, Algorithm: proof.Algorithm, ID: &proof.ID}, nil
}

// proofCause returns the cause of a fault. The endpoints take no access token, and Read handles a nonce.
func proofCause(f dpop.Fault) cause.Cause {
	known := map[dpop.Fault]cause.Cause{
		dpop.Type: cause.ProofType, dpop.Algorithm: cause.ProofAlgorithm, dpop.Key: cause.ProofKey, dpop.Signature: cause.ProofSignature,
		dpop.Method: cause.ProofMethod, dpop.URL: cause.ProofURL, dpop.Time: cause.ProofTime, dpop.ID: cause.ProofID, dpop.Replayed: cause.ProofReplayed,
	}
	return cmp.Or(known[f], cause.ProofMalformed)
}

// presentProof adds the proof to the authentication that spends it.
func presentProof(req *authzv1.AuthenticateClientRequest, proof grant.Proof) {
	if proof.ID != nil {
		req.Proof = &authzv1.Proof{Id: proof.ID[:], LifetimeSeconds: int32(dpop.Lifetime / time.Second)}
	}
}
