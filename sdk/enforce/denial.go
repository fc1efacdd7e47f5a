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

// RetryAfter is when to come back after a denial whose status is 503, in seconds, as the header Retry-After has it.
const RetryAfter = "2"

// ExposedHeaders are the headers of a denial that programs in a browser may read, as Access-Control-Expose-Headers has them.
const ExposedHeaders = "Retry-After, WWW-Authenticate"

// Denial is the documented answer to a request that may not be passed on. It is an error, so that a check can return it.
type Denial struct {
	// Status is the HTTP status: 401, 403, 404 or 503.
	Status int
	// Code is one of the codes above.
	Code string
	// Message is for the author of the app.
	Message string
	// Challenge is the value of WWW-Authenticate (RFC 6750 §3); empty when there is to be none.
	Challenge string
}

// Error is the code and the message.
func (d *Denial) Error() string { return d.Code + ": " + d.Message }

// JSON is the documented body.
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
	_ = encoder.Encode(body) // two texts always encode
	return []byte(b.String())
}

// Unauthenticated is the answer to a request without a token, or, when one was sent, with one that is not active.
func Unauthenticated(sent bool) *Denial {
	if !sent {
		return &Denial{Status: 401, Code: CodeAuthentication, Message: "Missing access token or API key", Challenge: "Bearer"}
	}
	return &Denial{
		Status: 401, Code: CodeAuthentication, Message: "Invalid or expired access token", Challenge: `Bearer error="invalid_token"`,
	}
}

// RefreshTokenPrefix is how a refresh token begins. It is never a bearer token: only its own client sends it, to /oauth/token.
const RefreshTokenPrefix = "vdo_ort_"

// Inactive is the response to a request with a bearer token that is not active. A refresh token is named as one, by its form.
func Inactive(token string) *Denial {
	d := Unauthenticated(true)
	if strings.HasPrefix(token, RefreshTokenPrefix) {
		d.Message = "This is a refresh token: send the access token"
	}
	return d
}

// Unavailable is the answer when it cannot be known whether the token is active.
func Unavailable() *Denial {
	return &Denial{Status: 503, Code: CodeUnavailable, Message: "The service is temporarily unavailable, try again shortly"}
}

func notFound() *Denial {
	return &Denial{Status: 404, Code: CodeNotFound, Message: "There is no such endpoint"}
}

func insufficientScope(needed string, has []string) *Denial {
	return &Denial{
		Status: 403, Code: CodeInsufficientScope,
		Message:   `This action requires the "` + needed + `" scope. Your token has: ` + strings.Join(has, ", "),
		Challenge: `Bearer error="insufficient_scope", scope="` + needed + `"`,
	}
}

func planRestricted() *Denial {
	return &Denial{Status: 403, Code: CodePlanRestricted, Message: "The workspace's plan does not include this action"}
}
