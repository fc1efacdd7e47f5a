package usertoken

import (
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The maximum lengths of the fields, in bytes.
const (
	// maxEmail is the longest address (RFC 5321 §4.5.3.1).
	maxEmail = 320
	maxProof = 1024
)

// The names of the fields in the documented requests.
const (
	fieldEmail        = "emailAddress"
	fieldPassword     = "password"
	fieldClientSecret = "clientSecret"
)

// RequestError is a request with a missing or an invalid field.
type RequestError struct {
	// Problems are sentences, each of which begins with the field's documented name.
	Problems []string
}

// Error lists the problems.
func (e *RequestError) Error() string { return strings.Join(e.Problems, "; ") }

func (e *RequestError) add(field, problem string) {
	e.Problems = append(e.Problems, field+" "+problem)
}

// orNil returns the error if there is a problem.
func (e *RequestError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

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
	// Source is the address that the request came from, for throttling; empty when it is not known.
	Source string
}

// proof returns the one proof of an attempt. An empty proof is invalid, and is not treated as
// absent.
func (a Attempt) proof() (Proof, error) {
	var problems RequestError
	if problem := unusable(a.Email, maxEmail); problem != "" {
		problems.add(fieldEmail, problem)
	}
	switch {
	case a.Password == nil && a.ClientSecret == nil:
		problems.add(fieldPassword, "is required, unless clientSecret is given")
		problems.add(fieldClientSecret, "is required, unless password is given")
	case a.Password != nil && a.ClientSecret != nil:
		problems.add(fieldPassword, "cannot be given together with clientSecret")
		problems.add(fieldClientSecret, "cannot be given together with password")
	case a.Password != nil:
		if problem := unusable(a.Password.Reveal(), maxProof); problem != "" {
			problems.add(fieldPassword, problem)
		}
		return ByPassword, problems.orNil()
	default:
		if problem := unusable(a.ClientSecret.Reveal(), maxProof); problem != "" {
			problems.add(fieldClientSecret, problem)
		}
		return ByClientSecret, problems.orNil()
	}
	return 0, problems.orNil()
}

// unusable returns the problem of a field's value; empty when it is valid.
func unusable(text string, limit int) string {
	switch {
	case text == "":
		return "is required"
	case len(text) > limit:
		return fmt.Sprintf("is longer than %d bytes", limit)
	case strings.IndexByte(text, 0) >= 0:
		return "has a NUL character"
	}
	return ""
}
