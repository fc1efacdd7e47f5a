package document

import (
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Kind is why a client's document cannot be used.
type Kind string

// The kinds of failures.
const (
	// NotAccepted is a URL that is no client identifier, or a host that the operator does not accept.
	NotAccepted Kind = "not_accepted"
	// Unreadable is a document that could not be fetched. That says nothing about the client.
	Unreadable Kind = "unreadable"
	// Invalid is a document that describes no client.
	Invalid Kind = "invalid"
)

// Failure is why a client's document cannot be used. A failure of another kind than Unreadable is
// client.ErrInvalid.
type Failure struct {
	Kind Kind
	// Host is the host of the document, as the identifier has it; empty if there is none.
	Host string
	// Detail is for the document's author: fixed text, numbers and names of members.
	Detail string
	// Temporary says that the same request may succeed later, without a change of the document.
	Temporary bool
	// LimitedSource is the network address whose limit refused to request the document; nil for any
	// other failure.
	LimitedSource *string
}

// Error describes the failure.
func (f *Failure) Error() string {
	return fmt.Sprintf("the client's document at %s is %s: %s", f.Host, f.Kind, f.Detail)
}

// Unwrap returns client.ErrInvalid with the cause, or nothing for a document that could not be
// fetched.
func (f *Failure) Unwrap() error {
	if f.Kind == Unreadable {
		return nil
	}
	return cause.With(client.ErrInvalid, f.Cause())
}

// Cause returns the cause of a refusal.
func (f *Failure) Cause() cause.Cause {
	switch f.Kind {
	case Unreadable:
		return cause.ClientDocumentUnreadable
	case Invalid:
		return cause.ClientDocumentInvalid
	case NotAccepted:
	}
	return cause.ClientDocumentNotAccepted
}
