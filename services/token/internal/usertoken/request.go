package usertoken

import (
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/userfield"
)

// RequestError is a request with a missing or an invalid field.
type RequestError struct {
	// Problems are sentences, each of which begins with the field's documented name.
	Problems []string
}

// Error lists the problems.
func (e *RequestError) Error() string { return strings.Join(e.Problems, "; ") }

// Proof is the credential that a user authenticates with.
type Proof uint8

// The proofs.
const (
	// ByPassword is the user's own password.
	ByPassword Proof = iota + 1
	// ByClientSecret is the client secret of an authentication app, which authenticates the user.
	ByClientSecret
)

// String names the proof for the log.
func (p Proof) String() string {
	switch p {
	case ByPassword:
		return "password"
	case ByClientSecret:
		return "client secret"
	}
	return fmt.Sprintf("proof %d", uint8(p))
}

// Attempt is a claimed e-mail address and the proof: exactly one of Password and ClientSecret is
// not nil.
type Attempt struct {
	Email                  string
	Password, ClientSecret *secret.String
	// Source is the address that the request came from, for throttling and, in part, for the audit
	// trail; empty when it is not known.
	Source string
	// UserAgent is the request's header, for the audit trail; may be empty.
	UserAgent string
}

// proof returns the one proof of an attempt.
func (a Attempt) proof() (Proof, error) {
	request := userfield.Authentication{
		EmailAddress: userfield.Field{Value: a.Email, Sent: true}, Password: field(a.Password), ClientSecret: field(a.ClientSecret),
	}
	if problems := request.Problems(); len(problems) > 0 {
		return 0, &RequestError{Problems: problems}
	}
	if a.Password != nil {
		return ByPassword, nil
	}
	return ByClientSecret, nil
}

func field(credential *secret.String) userfield.Field {
	if credential == nil {
		return userfield.Field{}
	}
	return userfield.Field{Value: credential.Reveal(), Sent: true}
}
