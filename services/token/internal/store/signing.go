package store

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/idtoken"
	"github.com/vidocu/usher/services/token/internal/signing"
)

// prepareSigning sets the statements about the keys that sign ID tokens, and the secrets beside them.
func (t *statements) prepareSigning(db *sqldb.DB) {
	t.signingKeys = db.SQL(`
SELECT algorithm, generation, kid, public_jwk, sealed, active_at, {{now}} FROM signing_keys
UNION ALL SELECT '', 0, '', '', NULL, 0, {{now}} ORDER BY 1, 2`)
	t.addSigningKey = db.SQL(`
INSERT INTO signing_keys (algorithm, generation, kid, public_jwk, sealed, created_at, active_at)
VALUES ($1, $2, $3, $4, $5, {{now}}, $6) ON CONFLICT DO NOTHING`)
	t.eraseSigningKey = db.SQL(`UPDATE signing_keys SET sealed = NULL WHERE algorithm = $1 AND generation = $2`)
	t.deleteSigningKey = db.SQL(`DELETE FROM signing_keys WHERE algorithm = $1 AND generation = $2`)
	t.addSecret = db.SQL(`INSERT INTO stored_secrets (name, sealed, created_at) VALUES ($1, $2, {{now}}) ON CONFLICT DO NOTHING`)
	t.resealSigningKey = db.SQL(`UPDATE signing_keys SET sealed = $4 WHERE algorithm = $1 AND generation = $2 AND sealed = $3`)
	t.resealSecret = db.SQL(`UPDATE stored_secrets SET sealed = $3 WHERE name = $1 AND sealed = $2`)
	t.storedSecret = db.SQL(`SELECT sealed FROM stored_secrets WHERE name = $1`)
	t.userOfSubject = db.SQL(`
SELECT user_id FROM families WHERE client_id = $1 AND subject = $2 AND subject <> '' LIMIT 1`)
}

// SigningKeys returns the keys that sign ID tokens, by algorithm and generation, and the database's
// time.
func (s *Store) SigningKeys(ctx context.Context) ([]signing.Row, time.Time, error) {
	var keys []signing.Row
	var now time.Time
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading the signing keys", s.text.signingKeys), func(row sqldb.Row) error {
		var r signing.Row
		var public string
		err := row.Scan(&r.Algorithm, &r.Generation, &r.KeyID, &public, &r.Sealed, sqldb.Time(&r.ActiveAt), sqldb.Time(&now))
		if r.Algorithm != "" { // one row has only the time
			r.Public = []byte(public)
			keys = append(keys, r)
		}
		return err
	})
	return keys, now, err
}

// AddSigningKey stores a key unless its generation exists.
func (s *Store) AddSigningKey(ctx context.Context, r signing.Row) error {
	return s.execSigning(ctx, "adding a signing key", s.text.addSigningKey,
		r.Algorithm, r.Generation, r.KeyID, string(r.Public), r.Sealed, r.ActiveAt.UnixMicro())
}

// EraseSigningKey erases the private key of a generation.
func (s *Store) EraseSigningKey(ctx context.Context, algorithm string, generation int64) error {
	return s.execSigning(ctx, "erasing a signing key", s.text.eraseSigningKey, algorithm, generation)
}

// ResealSigningKey replaces the encrypted private key of a generation if it is still the one that was read.
func (s *Store) ResealSigningKey(ctx context.Context, r signing.Row, sealed []byte) error {
	return s.execSigning(ctx, "resealing a signing key", s.text.resealSigningKey, r.Algorithm, r.Generation, r.Sealed, sealed)
}

// ResealSecret replaces a stored secret if it is still the one that was read.
func (s *Store) ResealSecret(ctx context.Context, name string, before, after []byte) error {
	return s.execSigning(ctx, "resealing a stored secret", s.text.resealSecret, name, before, after)
}

// DeleteSigningKey deletes a generation.
func (s *Store) DeleteSigningKey(ctx context.Context, algorithm string, generation int64) error {
	return s.execSigning(ctx, "deleting a signing key", s.text.deleteSigningKey, algorithm, generation)
}

// StoredSecret returns the secret of a name, which is sealed if there was none yet.
func (s *Store) StoredSecret(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	const what = "reading a stored secret"
	if err := s.execSigning(ctx, what, s.text.addSecret, name, sealed); err != nil {
		return nil, err
	}
	var kept []byte
	err := s.db.QueryRow(ctx, s.text.storedSecret, name).Scan(&kept)
	return kept, sqldb.Wrap(what, err)
}

// UserOfSubject returns the user whom a client knows by a pairwise subject; idtoken.ErrInvalid where no
// grant has it.
func (s *Store) UserOfSubject(ctx context.Context, clientID, subject string) (string, error) {
	var u oauth.UserClient
	err := s.db.QueryRow(ctx, s.text.userOfSubject, clientID, subject).Scan(&u.UserID)
	return u.UserID, sqldb.Wrap("finding a pairwise subject", sqldb.NotFoundAs(idtoken.ErrInvalid, err))
}

func (s *Store) execSigning(ctx context.Context, what, text string, args ...any) error {
	_, err := s.db.Exec(ctx, text, args...)
	return sqldb.Wrap(what, err)
}
