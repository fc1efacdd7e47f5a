package fetch

import "fmt"

// Kind is why a document could not be read.
type Kind string

// The kinds of failures.
const (
	// BadAddress is a URL that is not fetched: its form, its scheme, its port.
	BadAddress Kind = "address"
	// Forbidden is a host whose address is not one of the public internet.
	Forbidden Kind = "forbidden"
	// Unreachable is a host that has no address, refuses connections or has no valid certificate.
	Unreachable Kind = "unreachable"
	// TimedOut is a response that was not complete in time.
	TimedOut Kind = "timeout"
	// BadStatus is a response with another status than 200, such as a redirect.
	BadStatus Kind = "status"
	// BadType is a response that is not JSON, or is compressed.
	BadType Kind = "type"
	// TooLarge is a response with more bytes than permitted.
	TooLarge Kind = "size"
)

// UnreachableDetail is the text of every error of the kind Unreachable.
const UnreachableDetail = "the host cannot be reached, or has no valid certificate"

// Error is a failure to read a document.
type Error struct {
	Kind Kind
	// Status is the response's status; 0 if there was none.
	Status int
	detail string
}

// Error describes the failure for the document's author.
func (e *Error) Error() string { return e.detail }

// Public describes the failure for a stranger: a host that is not public is like one that does not exist,
// since otherwise strangers could find out which names exist in the internal network.
func (e *Error) Public() string {
	if e.Kind == Forbidden {
		return UnreachableDetail
	}
	return e.detail
}

func fail(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, detail: fmt.Sprintf(format, args...)}
}
