package dpop

// Fault is why a proof is refused.
type Fault int

// The faults, in the order of the checks.
const (
	// Malformed is a text that is not a compact JWS with two JSON objects, is too long, has a member
	// twice, or has one of another type.
	Malformed Fault = iota + 1
	// Type is a typ other than dpop+jwt.
	Type
	// Algorithm is an alg that is not one of Algorithms.
	Algorithm
	// Key is a jwk that is private, weak, or not of the algorithm.
	Key
	// Signature is a signature that the key did not make.
	Signature
	// Method is an htm that is not the method of the request.
	Method
	// URL is an htu that is not the URL of the request.
	URL
	// Time is an iat that is absent, or too far from now.
	Time
	// ID is a jti that is absent or too long.
	ID
	// Token is an ath that is not the hash of the token, or an absent one.
	Token
	// Replayed is a proof that was used before.
	Replayed
	// Nonce is a nonce that is absent, or that the server did not issue lately.
	Nonce
)

// Error is the refusal of a proof.
type Error struct{ Fault Fault }

// Error says what is wrong with the proof, for the developer of the client. It repeats nothing of it.
func (e *Error) Error() string { return "the DPoP proof " + e.Fault.String() }

// String continues a sentence that begins with the proof.
func (f Fault) String() string {
	switch f {
	case Type:
		return "must have the typ dpop+jwt"
	case Algorithm:
		return "must be signed with one of the supported algorithms"
	case Key:
		return "must have a usable public key in jwk"
	case Signature:
		return "has a wrong signature"
	case Method:
		return "is for another HTTP method (htm)"
	case URL:
		return "is for another URL (htu)"
	case Time:
		return "was not created now (iat)"
	case ID:
		return "must have a jti of at most 256 bytes"
	case Token:
		return "is for another access token (ath)"
	case Replayed:
		return "was used before"
	case Nonce:
		return "must have the nonce of the header DPoP-Nonce"
	case Malformed:
	}
	return "is malformed"
}

func refuse(f Fault) error { return &Error{f} }
