package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// String holds a secret. It prints, logs and marshals as "[redacted]"; only Reveal returns the
// secret. The zero value is the empty secret.
//
// The value is in a closure on purpose: fmt calls no method on an unexported field, and other
// printers follow pointers, but none looks into a function. It also makes == a compile error; use
// Equal.
type String struct{ reveal func() string }

// New wraps v.
func New(v string) String {
	if v == "" {
		return String{}
	}
	return String{reveal: func() string { return v }}
}

// Live returns a secret that calls its source at every Reveal: one that its owner replaces while
// the program runs. The source is called concurrently.
func Live(source func() string) String { return String{reveal: source} }

// Reveal returns the secret itself.
func (s String) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s.Reveal() == "" }

// Equal compares two secrets in a time that depends on their lengths only.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", also for the empty secret.
func (String) String() string { return redacted }

// Format writes "[redacted]" for every verb and flag.
func (String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue makes slog record "[redacted]".
func (String) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText makes JSON, XML and YAML encoders write "[redacted]". It never fails.
func (String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText sets the secret from text, as in a configuration file or a JSON body. It never
// fails.
func (s *String) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
