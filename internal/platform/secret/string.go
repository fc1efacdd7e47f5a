package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// String carries a secret. However it is printed, logged or marshalled, it shows "[redacted]";
// Reveal is the one way out. The zero value is the empty secret.
//
// The value stands in a closure on purpose: fmt calls no method on an unexported field, and
// other printers follow pointers, but none looks into a function. It also makes == a compile
// error; use Equal.
type String struct{ reveal func() string }

// New wraps v.
func New(v string) String {
	if v == "" {
		return String{}
	}
	return String{reveal: func() string { return v }}
}

// Live makes a secret that asks its source at every Reveal: one that its owner replaces while the program runs. The source is
// called concurrently.
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

// Equal compares two secrets in a time that depends on their lengths alone.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", also for the empty secret.
func (String) String() string { return redacted }

// Format writes "[redacted]" whatever the verb and its flags.
func (String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue makes slog record "[redacted]".
func (String) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText makes JSON, XML and YAML encoders write "[redacted]". It never fails.
func (String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes the secret from text, as a configuration file or a JSON body has it. It
// never fails.
func (s *String) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
