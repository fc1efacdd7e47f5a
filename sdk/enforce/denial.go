package enforce

import (
	"encoding/json"
	"strings"
)

// The documented codes of a denial.
const (
	CodeAuthentication    = "authentication_error"
	CodeInsufficientScope = "insufficient_scope"
	CodePlanRestricted    = "plan_restricted"
	CodeNotFound          = "not_found"
	CodeUnavailable       = "unavailable"
)

// RetryAfter is the value of Retry-After for a denial with the status 503, in seconds.
const RetryAfter = "2"

// ExposedHeaders is the value of Access-Control-Expose-Headers: the headers of a denial that
// clients in a browser may read.
const ExposedHeaders = "DPoP-Nonce, Retry-After, WWW-Authenticate"

// Denial is the documented response to a request that must be refused. It is an error.
type Denial struct {
	// Status is the HTTP status: 401, 403, 404 or 503.
	Status int
	// Code is one of the codes above.
	Code string
	// Message is for the developer of the client.
	Message string
	// Challenge is the value of WWW-Authenticate (RFC 6750 §3); empty for none.
	Challenge string
	// Nonce is the value of DPoP-Nonce (RFC 9449 §9); empty for none.
	Nonce string
	// tokenSent is true for a 401 of a request with a token. otherResource is true where that token
	// was issued for another resource.
	tokenSent, otherResource bool
	// otherAddress is true for an API key that may not be used from the request's address.
	otherAddress bool
	// needed is the scope that the token lacks, and resource the identifier of the resource that it was
	// not issued for; empty where that is not why it was refused.
	needed, resource string
	// scheme says which challenges a 401 has, and key why the token's key is not proved.
	scheme challengeScheme
	key    KeyFault
	// token is described at WithToken.
	token any
}

// The statuses that have a challenge.
const (
	statusUnauthorized = 401
	statusForbidden    = 403
)

// statusUnavailable has Retry-After.
const statusUnavailable = 503

// OtherResource reports whether the request was refused because its token, which is active, was
// issued for another resource.
func (d *Denial) OtherResource() bool { return d.otherResource }

// NeededScope returns the scope of the endpoint that the token lacks; empty where that is not why the
// request was refused.
func (d *Denial) NeededScope() string { return d.needed }

// NeededResource returns the identifier of the resource that the token would have to be issued for; empty
// where that is not why the request was refused, and for a resource without an identifier.
func (d *Denial) NeededResource() string { return d.resource }

// KeyFault returns why the request does not prove the key of its token; zero where that is not why it
// was refused.
func (d *Denial) KeyFault() KeyFault { return d.key }

// WithToken returns a copy of the denial with the token of the request, which is active, for a log. The
// SDK sets it: usher.RefusedToken returns it with its type.
func (d *Denial) WithToken(token any) *Denial {
	of := *d
	of.token = token
	return &of
}

// Token returns the token of WithToken; nil for none.
func (d *Denial) Token() any { return d.token }

// Error returns the code and the message.
func (d *Denial) Error() string { return d.Code + ": " + d.Message }

// Headers returns the headers of the response. An entry point adds only what its proxy or a browser
// needs to read them.
func (d *Denial) Headers() []Header {
	headers := []Header{{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}
	if d.Challenge != "" {
		headers = append(headers, Header{"WWW-Authenticate", d.Challenge})
	}
	if d.Nonce != "" {
		headers = append(headers, Header{"DPoP-Nonce", d.Nonce})
	}
	if d.Status == statusUnavailable {
		headers = append(headers, Header{"Retry-After", RetryAfter})
	}
	return headers
}

// JSON returns the documented body.
func (d *Denial) JSON() []byte {
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Message = d.Code, d.Message
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // strings always encode
	return []byte(b.String())
}

// Unauthenticated returns the denial of a request without a token, or, where one was sent, with one
// that is not active. Its challenge names no resource: Resource.Challenge and Rules.Challenge add
// it.
func Unauthenticated(sent bool) *Denial {
	d := &Denial{Status: statusUnauthorized, Code: CodeAuthentication, Message: "Missing access token or API key"}
	if sent {
		d.Message, d.tokenSent = "Invalid or expired access token", true
	}
	return Resource{}.Challenge(d)
}

// RefreshTokenPrefix is the prefix of a refresh token, which is never a bearer token: only its
// client sends it, to /oauth/token.
const RefreshTokenPrefix = "vdo_ort_"

// Inactive returns the denial of a request with a token that is not active. Its message names a
// refresh token, by its prefix.
func Inactive(token string) *Denial {
	d := Unauthenticated(true)
	if strings.HasPrefix(token, RefreshTokenPrefix) {
		d.Message = "This is a refresh token: send the access token"
	}
	return Resource{}.Challenge(d)
}

// Unavailable returns the denial of a request whose token cannot be checked.
func Unavailable() *Denial {
	return &Denial{Status: statusUnavailable, Code: CodeUnavailable, Message: "The service is temporarily unavailable, try again shortly"}
}

func notFound() *Denial {
	return &Denial{Status: 404, Code: CodeNotFound, Message: "There is no such endpoint"}
}

func planRestricted() *Denial {
	return &Denial{Status: 403, Code: CodePlanRestricted, Message: "The workspace's plan does not include this action"}
}
