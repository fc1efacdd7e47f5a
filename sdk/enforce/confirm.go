package enforce

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// KeyFault is why a request with an active token does not prove the key that the token is bound to.
type KeyFault int

// The faults of a key. The zero value is none.
const (
	// NeedsProof is a bound token that was sent as a bearer token (RFC 9449 §7.2), or to a service that
	// cannot check a proof.
	NeedsProof KeyFault = iota + 1
	// NotBound is a token of the scheme DPoP that is not bound to a key.
	NotBound
	// InvalidProof is a proof that is missing, not valid, or used before.
	InvalidProof
	// OtherKey is a valid proof of another key than the token's.
	OtherKey
	// NeedsNonce is a valid proof without a nonce that the server issued lately (RFC 9449 §9).
	NeedsNonce
)

// Call is the request that a proof must be for.
type Call struct {
	// Method is the HTTP method.
	Method string
	// Origin is the scheme, host and port that the API is configured to be called at; empty where it
	// is not known, so that no proof can be checked. It never comes from the request.
	Origin string
	// Path is that of the request line, undecoded and without the query.
	Path string
}

// Proofs checks DPoP proofs. Its methods may be called concurrently.
type Proofs struct {
	// Replays records the proofs that were used.
	Replays dpop.Replays
	// Now is the time; nil is time.Now.
	Now func() time.Time
	// Nonces are those that a proof must have one of; nil where it needs none.
	Nonces *dpop.Nonces
}

// NewProofs returns a checker that records proofs in the memory of this process.
func NewProofs() *Proofs {
	return &Proofs{Replays: dpop.NewMemory(dpop.DefaultCapacity, nil), Now: time.Now}
}

// Confirm checks that a request proves the key that its active token is bound to, by the thumbprint of
// the key; empty for a token that is not bound, which must be a bearer token. It returns nil where the
// request may be served, the denial of 401, or that of 503 where the proof's use cannot be recorded.
// Every entry point calls it: nothing else reads a proof.
func (p *Proofs) Confirm(ctx context.Context, c Credential, thumbprint string, call Call) *Denial {
	switch {
	case thumbprint == "" && !c.DPoP:
		return nil
	case thumbprint == "" && call.Origin == "":
		return notBound(challengeBearer)
	case thumbprint == "":
		return notBound(challengeDPoP)
	case call.Origin == "":
		return unproved()
	case !c.DPoP:
		return keyDenial(NeedsProof, challengeBoth, "This token is bound to a key: send it as DPoP, with a proof")
	case len(c.Proofs) != 1:
		return proofDenial("send exactly one header DPoP, with a proof for this request")
	}
	return p.verify(ctx, c, thumbprint, call)
}

func (p *Proofs) verify(ctx context.Context, c Credential, thumbprint string, call Call) *Denial {
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	at := now()
	proof, err := dpop.Verify(c.Proofs[0], dpop.Request{
		Method: call.Method, URL: call.Origin + call.Path, AccessToken: c.Token, Now: at, Nonces: p.Nonces,
	})
	var refused *dpop.Error
	switch {
	case errors.As(err, &refused) && refused.Fault == dpop.Nonce:
		return p.nonceDenial(refused, at)
	case errors.As(err, &refused):
		return proofDenial(refused.Error())
	case err != nil:
		return Unavailable()
	case proof.Thumbprint != thumbprint:
		return keyDenial(OtherKey, challengeDPoP, "This token is bound to another key than that of the proof")
	}
	first, err := p.Replays.Use(ctx, proof)
	if err != nil {
		return Unavailable()
	}
	if !first {
		return proofDenial("the DPoP proof " + dpop.Replayed.String())
	}
	return nil
}

// notBound is the denial of a token of the scheme DPoP that is not bound to a key.
func notBound(in challengeScheme) *Denial {
	return keyDenial(NotBound, in, "This token is not bound to a key: send it as Bearer")
}

// unproved is the denial of a bound token by a service that checks no proof. A challenge of the scheme DPoP
// would ask for what is refused too.
func unproved() *Denial {
	return keyDenial(NeedsProof, challengeBearer, "This service accepts no token that is bound to a key")
}

// keyDenial is the denial of a token whose key is not proved (RFC 9449 §7.1: invalid_token).
func keyDenial(fault KeyFault, in challengeScheme, message string) *Denial {
	d := &Denial{Status: statusUnauthorized, Code: CodeAuthentication, Message: message, tokenSent: true, scheme: in, key: fault}
	return Resource{}.Challenge(d)
}

// nonceDenial is the denial of a proof without a nonce (RFC 9449 §9: use_dpop_nonce).
func (p *Proofs) nonceDenial(refused *dpop.Error, now time.Time) *Denial {
	d := &Denial{
		Status: statusUnauthorized, Code: CodeAuthentication, Message: "The DPoP proof has no nonce of this server: " + refused.Error(),
		Nonce: p.Nonces.Issue(now), tokenSent: true, scheme: challengeDPoP, key: NeedsNonce,
	}
	return Resource{}.Challenge(d)
}

// proofDenial is the denial of a proof (RFC 9449 §7.1: invalid_dpop_proof).
func proofDenial(problem string) *Denial {
	d := &Denial{
		Status: statusUnauthorized, Code: CodeAuthentication, Message: "The DPoP proof is missing or invalid: " + problem,
		tokenSent: true, scheme: challengeDPoP, key: InvalidProof,
	}
	return Resource{}.Challenge(d)
}

// Origin returns the origin of the resource's identifier; empty where it has none.
func (r Resource) Origin() string {
	u, err := url.Parse(r.ID)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Origin returns the origin at which the resource of a path is called, by its identifier; empty where
// it has none, and where r is nil.
func (r *Rules) Origin(path string) string {
	if r == nil {
		return ""
	}
	return r.resources.at(path).Origin()
}
