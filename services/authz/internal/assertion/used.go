package assertion

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Entries is the short-lived store.
type Entries interface {
	// PutNew writes an entry unless the key has one, and reports whether it did: of concurrent
	// calls, one.
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
}

// Used records which assertions were accepted. If the store is unavailable no assertion is accepted:
// without the record an assertion could be used twice.
type Used struct{ Entries Entries }

// use is one use of an assertion.
type use struct {
	clientID, id string
	// keep is how long the record is needed: until the assertion is refused as expired.
	keep time.Duration
}

// record records a use, and reports whether it is the first one of the client's assertions with that
// jti.
func (u Used) record(ctx context.Context, one use) (first bool, err error) {
	return u.Entries.PutNew(ctx, one.key(), nil, one.keep)
}

// key is the hash of both identifiers. Client identifiers have no NUL character, so that no two
// pairs have the same text.
func (u use) key() string {
	sum := sha256.Sum256([]byte(u.clientID + "\x00" + u.id))
	return "authz:assertion:" + base64.RawURLEncoding.EncodeToString(sum[:])
}
