package pending

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The parts of an identifier, in bytes: 32 together, so that it has the form of a code (43 base64url characters).
const (
	timeBytes  = 4
	drawnBytes = 24
	checkBytes = 4
)

// newID draws an identifier: the second it was drawn in, 192 random bits, and a checksum over both. An identifier is not a
// secret, since an authorization is bound to its browser. The time and the checksum tell an authorization that expired, and
// is not kept any more, from one that never was.
func newID(now time.Time) string {
	id := make([]byte, timeBytes+drawnBytes, timeBytes+drawnBytes+checkBytes)
	binary.BigEndian.PutUint32(id, uint32(now.Unix())) // seconds since 1970, good until 2106
	_, _ = rand.Read(id[timeBytes:])                   // never fails since Go 1.24
	sum := sha256.Sum256(id)
	return base64.RawURLEncoding.EncodeToString(append(id, sum[:checkBytes]...))
}

// drawnAt is when an identifier was drawn; false for one that was not drawn here.
func drawnAt(id string) (time.Time, bool) {
	if !secret.ValidCode(id) {
		return time.Time{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) != timeBytes+drawnBytes+checkBytes {
		return time.Time{}, false
	}
	drawn, check := raw[:timeBytes+drawnBytes], raw[timeBytes+drawnBytes:]
	if sum := sha256.Sum256(drawn); string(sum[:checkBytes]) != string(check) {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint32(drawn)), 0), true
}
