package pending

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The parts of an identifier, in bytes: 32 together, so that it has the format of a code (43
// base64url characters).
const (
	timeBytes   = 4
	randomBytes = 24
	checkBytes  = 4
)

// newID generates an identifier: its creation time in seconds, 192 random bits, and a checksum of
// both. An identifier is not a secret, since an authorization is bound to its browser. The time and
// the checksum distinguish an authorization that has expired and is no longer stored from one that
// never existed.
func newID(now time.Time) string {
	id := make([]byte, timeBytes+randomBytes, timeBytes+randomBytes+checkBytes)
	binary.BigEndian.PutUint32(id, uint32(now.Unix())) // seconds since 1970, good until 2106
	_, _ = rand.Read(id[timeBytes:])                   // never fails since Go 1.24
	sum := sha256.Sum256(id)
	return base64.RawURLEncoding.EncodeToString(append(id, sum[:checkBytes]...))
}

// createdAt returns when an identifier was generated; false for a string that newID did not
// generate.
func createdAt(id string) (time.Time, bool) {
	if !secret.ValidCode(id) {
		return time.Time{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) != timeBytes+randomBytes+checkBytes {
		return time.Time{}, false
	}
	payload, check := raw[:timeBytes+randomBytes], raw[timeBytes+randomBytes:]
	if sum := sha256.Sum256(payload); string(sum[:checkBytes]) != string(check) {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint32(payload)), 0), true
}
