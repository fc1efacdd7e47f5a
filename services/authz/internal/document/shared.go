package document

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// stored is a copy of a document, as JSON in the short-lived store.
type stored struct {
	Body []byte `json:"body"`
	ETag string `json:"etag,omitempty"`
	// CheckedAt is the time of the last successful request, and FreshUntil the end of the max-age.
	CheckedAt  time.Time `json:"checked"`
	FreshUntil time.Time `json:"fresh"`
}

// newest returns the newer of the copies in memory and in the short-lived store; the zero value if
// there is none. A store that is down has none: the document is requested instead.
func (d *Documents) newest(ctx context.Context, id string) found {
	f, _ := d.memory.GetIfPresent(id)
	value, ok, err := d.config.Entries.Get(ctx, key(id))
	if err != nil || !ok {
		return f
	}
	var shared stored
	if json.Unmarshal(value, &shared) != nil || !shared.CheckedAt.After(f.copy.CheckedAt) {
		return f
	}
	parsed, err := d.parse(id, shared.Body) // by this process's rules
	if err != nil {
		return f
	}
	parsed.copy = shared
	return parsed
}

// share stores a copy for other replicas, as long as it may be used.
func (d *Documents) share(ctx context.Context, id string, copied stored) {
	value, err := json.Marshal(copied)
	if err != nil {
		return
	}
	_ = d.config.Entries.Put(ctx, key(id), value, max(copied.FreshUntil.Sub(copied.CheckedAt), maxStale))
}

// drop removes the copies of a document that is no longer valid.
func (d *Documents) drop(ctx context.Context, id string) {
	d.memory.Invalidate(id)
	_ = d.config.Entries.Delete(ctx, key(id))
}

// key hashes the identifier, which has any length.
func key(id string) string {
	hash := secret.Sum(id)
	return "authz:document:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
