package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	saltLength = 16
	keyLength  = 32
	phcParts   = 6
)

// The bounds of a stored string. A row that was tampered with must neither weaken a verification
// nor exhaust the memory.
const (
	maxPHCLength = 256
	minMemory    = 7 * 1024
	maxMemory    = 128 * 1024
	maxTime      = 8
	maxThreads   = 4
	minBytes     = 16
	maxBytes     = 64
)

// ErrMalformed is returned for a string that is not of the form
// $argon2id$v=19$m=…,t=…,p=…$salt$key, or whose values are out of bounds.
var ErrMalformed = errors.New("malformed password hash")

// Parameters are the cost of argon2id (RFC 9106 §3.1).
type Parameters struct {
	// Memory is in KiB.
	Memory uint32
	// Time is the number of passes.
	Time uint32
	// Threads is the degree of parallelism.
	Threads uint8
}

// Recommended is the cost of new strings: 19 MiB, two passes, one lane (the OWASP Password Storage
// Cheat Sheet).
func Recommended() Parameters { return Parameters{Memory: 19 * 1024, Time: 2, Threads: 1} }

func (p Parameters) bounded() bool {
	return p.Memory >= minMemory && p.Memory <= maxMemory && p.Time >= 1 && p.Time <= maxTime && p.Threads >= 1 && p.Threads <= maxThreads
}

// Encoded is the content of a PHC string.
type Encoded struct {
	Parameters
	Salt, Key []byte
}

// PHC returns the string, in the only form that Parse accepts.
func (e Encoded) PHC() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, e.Memory, e.Time, e.Threads,
		base64.RawStdEncoding.EncodeToString(e.Salt), base64.RawStdEncoding.EncodeToString(e.Key))
}

// Parse parses a PHC string, or returns ErrMalformed; the error never contains the string.
func Parse(phc string) (Encoded, error) {
	parts := strings.Split(phc[:min(len(phc), maxPHCLength)], "$")
	if len(parts) != phcParts {
		return Encoded{}, ErrMalformed
	}
	var e Encoded
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &e.Memory, &e.Time, &e.Threads); err != nil {
		return Encoded{}, fmt.Errorf("%w: parameters are unreadable", ErrMalformed)
	}
	var saltErr, keyErr error
	e.Salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	e.Key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	// Encoding it again detects everything that was parsed too leniently: other versions, signs,
	// leading zeros, line breaks, trailing bits.
	if saltErr != nil || keyErr != nil || e.PHC() != phc {
		return Encoded{}, ErrMalformed
	}
	if !e.bounded() || !sized(e.Salt) || !sized(e.Key) {
		return Encoded{}, fmt.Errorf("%w: out of bounds", ErrMalformed)
	}
	return e, nil
}

func sized(b []byte) bool { return len(b) >= minBytes && len(b) <= maxBytes }
