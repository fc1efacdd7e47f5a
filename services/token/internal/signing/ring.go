package signing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// refreshInterval is how often a replica reads the keys: far more often than a key changes.
const refreshInterval = time.Minute

// ErrNoKey is returned where no key signs with the algorithm.
var ErrNoKey = errors.New("there is no key for the algorithm")

// Config configures a Ring.
type Config struct {
	Store Store
	Box   Box
	// Lifetime is how long a key signs: longer than Lead.
	Lifetime time.Duration
	// Now measures the time since the keys were read.
	Now    func() time.Time
	Logger *slog.Logger
}

// Ring has the keys of a replica in memory. Its methods may be called concurrently.
type Ring struct {
	config Config
	keys   atomic.Pointer[snapshot]
}

// snapshot is what was read at once. Times are the database's: at is its time at readAt of this process.
type snapshot struct {
	keys       []key
	at, readAt time.Time
}

// Open returns a ring whose keys are read; it creates the first ones. It fails where a key cannot be
// decrypted.
func Open(ctx context.Context, config Config) (*Ring, error) {
	r := &Ring{config: config}
	if err := r.Rotate(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Sign signs claims with the current key of an algorithm. It returns ErrNoKey.
func (r *Ring) Sign(algorithm, typ string, claims any) (string, error) {
	now := r.now()
	for _, k := range r.keys.Load().keys {
		if k.Algorithm == algorithm && k.signs(now) && k.private != nil {
			return k.private.Sign(typ, claims)
		}
	}
	return "", fmt.Errorf("%w %q", ErrNoKey, algorithm)
}

// Published returns the public keys for verifiers: those that sign, will sign, and signed lately.
func (r *Ring) Published() []jose.Key {
	now := r.now()
	var list []jose.Key
	for _, k := range r.keys.Load().keys {
		if k.published(now) {
			list = append(list, k.public)
		}
	}
	return list
}

// Verifying returns the public keys of all signatures that the server still accepts itself.
func (r *Ring) Verifying() []jose.Key {
	var list []jose.Key
	for _, k := range r.keys.Load().keys {
		list = append(list, k.public)
	}
	return list
}

// Now returns the database's time, as it was read last.
func (r *Ring) Now() time.Time { return r.now() }

func (r *Ring) now() time.Time {
	s := r.keys.Load()
	return s.at.Add(r.config.Now().Sub(s.readAt))
}

// Run reads the keys until ctx ends. While they cannot be read, those in memory are used: their
// successors were read a day before.
func (r *Ring) Run(ctx context.Context) {
	tick := time.NewTicker(refreshInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.Refresh(ctx); err != nil && ctx.Err() == nil {
				r.config.Logger.WarnContext(ctx, "the signing keys were not read", "error", err)
			}
		}
	}
}

// Refresh reads the keys.
func (r *Ring) Refresh(ctx context.Context) error {
	rows, now, err := r.config.Store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	read := &snapshot{at: now, readAt: r.config.Now()}
	for i, row := range rows {
		k, err := r.parse(row)
		if err != nil {
			return fmt.Errorf("reading the signing key %s: %w", row.KeyID, err)
		}
		if next := i + 1; next < len(rows) && rows[next].Algorithm == row.Algorithm {
			k.retiredAt = rows[next].ActiveAt
		}
		read.keys = append(read.keys, k)
	}
	r.keys.Store(read)
	return nil
}

func (r *Ring) parse(row Row) (key, error) {
	public, err := jose.ParseKey(row.Public)
	if err != nil {
		return key{}, fmt.Errorf("the public key %w", err)
	}
	k := key{Row: row, public: public}
	if row.Sealed == nil {
		return k, nil
	}
	der, err := r.config.Box.Open(label(row.KeyID), row.Sealed)
	if err != nil {
		return key{}, fmt.Errorf("%w: is token.key_encryption_key another one than before?", err)
	}
	private, err := jose.ParsePrivateKey(row.Algorithm, der)
	if err != nil {
		return key{}, fmt.Errorf("the private key %w", err)
	}
	if private.Public.ID != public.ID {
		return key{}, errors.New("the private and the public key differ")
	}
	k.private = &private
	return k, nil
}

// label is that of the encryption of a private key.
func label(keyID string) string { return "signing key " + keyID }

// Rotate creates the next generation of each algorithm in time, erases private keys that do not sign
// any more, and deletes keys that verify nothing any more. It is safe on several replicas at once.
func (r *Ring) Rotate(ctx context.Context) error {
	if err := r.Refresh(ctx); err != nil {
		return err
	}
	s, changed := r.keys.Load(), false
	for _, algorithm := range oauth.IDTokenAlgorithms() {
		row, due := r.due(s, algorithm)
		if !due {
			continue
		}
		if err := r.add(ctx, row); err != nil {
			return err
		}
		changed = true
	}
	for _, k := range s.keys {
		if err := r.reseal(ctx, k); err != nil {
			return err
		}
		gone, err := r.tidy(ctx, k, s.at)
		if err != nil {
			return err
		}
		changed = changed || gone
	}
	if !changed {
		return nil
	}
	return r.Refresh(ctx)
}

// reseal encrypts a private key under the present key of the configuration, if it is sealed under the other
// one.
func (r *Ring) reseal(ctx context.Context, k key) error {
	if k.Sealed == nil {
		return nil
	}
	sealed, err := r.config.Box.Reseal(label(k.KeyID), k.Sealed)
	if err != nil || sealed == nil {
		return err
	}
	return r.config.Store.ResealSigningKey(ctx, k.Row, sealed)
}

// due returns the generation of an algorithm that must be created now. The first one signs at once:
// no verifier has cached a JWK Set without it.
func (r *Ring) due(s *snapshot, algorithm string) (Row, bool) {
	var last *key
	for i := range s.keys {
		if s.keys[i].Algorithm == algorithm {
			last = &s.keys[i]
		}
	}
	if last == nil {
		return Row{Algorithm: algorithm, Generation: 1, ActiveAt: s.at}, true
	}
	next := last.ActiveAt.Add(r.config.Lifetime)
	if earliest := s.at.Add(Lead); next.Before(earliest) {
		next = earliest
	}
	return Row{Algorithm: algorithm, Generation: last.Generation + 1, ActiveAt: next},
		!s.at.Add(Lead).Before(last.ActiveAt.Add(r.config.Lifetime))
}

// add generates the key of a generation and stores it.
func (r *Ring) add(ctx context.Context, row Row) error {
	generated, err := jose.GenerateKey(row.Algorithm)
	if err != nil {
		return err
	}
	der, err := generated.Marshal()
	if err != nil {
		return err
	}
	row.KeyID = generated.Public.ID
	if row.Public, err = generated.Public.JSON(); err != nil {
		return err
	}
	if row.Sealed, err = r.config.Box.Seal(label(row.KeyID), der); err != nil {
		return err
	}
	return r.config.Store.AddSigningKey(ctx, row)
}

// tidy removes what is not needed any more of a key.
func (r *Ring) tidy(ctx context.Context, k key, now time.Time) (bool, error) {
	switch {
	case k.retiredAt.IsZero():
		return false, nil
	case k.retiredAt.Add(kept).Before(now):
		return true, r.config.Store.DeleteSigningKey(ctx, k.Algorithm, k.Generation)
	case k.Sealed != nil && k.retiredAt.Add(margin).Before(now):
		return true, r.config.Store.EraseSigningKey(ctx, k.Algorithm, k.Generation)
	}
	return false, nil
}
