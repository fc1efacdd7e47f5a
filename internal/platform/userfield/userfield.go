// Package userfield has the fields of the requests of the user API (docs/wire-contract.md §8).
//
// It owns the rule of which fields must be sent and which values are usable. The gateway applies it
// to name every invalid field at once, also those that are not strings, and the token service
// because it has other callers too. It never checks whether a credential is right.
package userfield

import (
	"cmp"
	"fmt"
	"strings"
)

// The fields, as the documentation names them.
const (
	EmailAddress = "emailAddress"
	Password     = "password"
	ClientSecret = "clientSecret"
)

// The maximum lengths of the fields, in bytes.
const (
	// maxEmail is the longest address (RFC 5321 §4.5.3.1).
	maxEmail = 320
	maxProof = 1024
)

// Field is a field of a request.
type Field struct {
	Value string
	// Sent is false for an absent field; one that is sent may be empty.
	Sent bool
	// Fault is why the field has no value, though it was sent; empty where it has one.
	Fault string
}

// problem returns what is wrong with the field; empty when it is usable.
func (f Field) problem(limit int) string {
	return cmp.Or(f.Fault, unusable(f.Value, limit))
}

// Authentication has the fields of a request to authenticate. Exactly one of Password and
// ClientSecret may be sent.
type Authentication struct{ EmailAddress, Password, ClientSecret Field }

// Problems returns a sentence for each field that is missing or unusable; each begins with the
// field's name. An empty credential is unusable, and is not treated as absent.
func (a Authentication) Problems() []string {
	var problems []string
	add := func(field, problem string) {
		if problem != "" {
			problems = append(problems, field+" "+problem)
		}
	}
	add(EmailAddress, a.EmailAddress.problem(maxEmail))
	switch {
	case !a.Password.Sent && !a.ClientSecret.Sent:
		add(Password, "is required, unless clientSecret is given")
		add(ClientSecret, "is required, unless password is given")
	case a.Password.Sent && a.ClientSecret.Sent:
		add(Password, cmp.Or(a.Password.Fault, "cannot be given together with clientSecret"))
		add(ClientSecret, cmp.Or(a.ClientSecret.Fault, "cannot be given together with password"))
	case a.Password.Sent:
		add(Password, a.Password.problem(maxProof))
	default:
		add(ClientSecret, a.ClientSecret.problem(maxProof))
	}
	return problems
}

// EmailProblem returns what is wrong with an e-mail address that a request names; empty when it is
// usable. It continues the sentence that begins with the field's name.
func EmailProblem(email string) string { return unusable(email, maxEmail) }

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
