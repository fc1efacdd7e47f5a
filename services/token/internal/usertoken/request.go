package usertoken

import (
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The bounds of what is read, in bytes.
const (
	// maxEmail is more than any address has (RFC 5321 §4.5.3.1).
	maxEmail = 320
	maxProof = 1024
)

// The fields as the documented requests name them.
const (
	fieldEmail        = "emailAddress"
	fieldPassword     = "password"
	fieldClientSecret = "clientSecret"
)

// RequestError is a request that lacks a field or has one that cannot be used.
type RequestError struct {
	// Problems are sentences, each of which begins with the field's documented name.
	Problems []string
}

// Error lists the problems.
func (e *RequestError) Error() string { return strings.Join(e.Problems, "; ") }

func (e *RequestError) add(field, problem string) {
	e.Problems = append(e.Problems, field+" "+problem)
}

// orNil is the error if there is a problem.
func (e *RequestError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// Proof is what somebody proves themselves with.
type Proof uint8

// The proofs.
const (
	// ByPassword is the person's own password.
	ByPassword Proof = iota + 1
	// ByClientSecret is the secret of an authentication app that vouches for the person.
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

// Attempt is who somebody says they are, and the proof: exactly one of the two is not nil.
type Attempt struct {
	Email                  string
	Password, ClientSecret *secret.String
	// Source is the address that the request came from, for throttling; empty when it is not known.
	Source string
}

// proof is the one proof of an attempt. A proof that is there and empty is one that cannot be used,
// and never an absent one.
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

// unusable says what is wrong with a text; empty when nothing is.
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
