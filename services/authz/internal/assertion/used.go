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

// useKey is the key of a client's assertion with that jti: the hash of both identifiers. Client
// identifiers have no NUL character, so that no two pairs have the same text.
func useKey(clientID, id string) string {
	sum := sha256.Sum256([]byte(clientID + "\x00" + id))
	return "authz:assertion:" + base64.RawURLEncoding.EncodeToString(sum[:])
}
