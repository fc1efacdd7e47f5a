package store

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// unusedAfter is how long a scope was not granted before it counts as unused.
const unusedAfter = 30 * 24 * time.Hour

// today is the number of the day since 1970 (UTC).
const today = `{{now}} / 86400000000`

// prepareScopes sets the statements about the days on which scopes were granted.
func (t *statements) prepareScopes(db *sqldb.DB) {
	// The second use of a day writes nothing.
	t.touchScope = db.SQL(`
INSERT INTO client_scope_uses (client_id, scope, used_on) SELECT id, $2, ` + today + ` FROM clients WHERE id = $1
ON CONFLICT (client_id, scope) DO UPDATE SET used_on = excluded.used_on WHERE client_scope_uses.used_on < excluded.used_on`)

	// Before the client's row is changed, for a scope that it does not have.
	t.addScope = db.SQL(`
INSERT INTO client_scope_uses (client_id, scope, used_on)
SELECT id, CAST($2 AS TEXT), ` + today + ` FROM clients
WHERE id = $1 AND replace(' ' || scope || ' ', ' ' || CAST($2 AS TEXT) || ' ', '') = ' ' || scope || ' '
ON CONFLICT (client_id, scope) DO UPDATE SET used_on = excluded.used_on`)

	// No row for a client, or for records, younger than that; else one for each scope that was used, or an empty one.
	t.usedScopes = db.SQL(`
SELECT u.scope FROM clients c JOIN scope_use_start b ON b.began_at <= {{now}} - $2
LEFT JOIN client_scope_uses u ON u.client_id = c.id AND u.used_on >= ({{now}} - $2) / 86400000000
WHERE c.id = $1 AND c.created_at <= {{now}} - $2`)
}

// TouchScope records that a scope was granted to a client today. It does nothing for an unknown client.
func (s *Store) TouchScope(ctx context.Context, clientID, scope string) error {
	_, err := s.db.Exec(ctx, s.text.touchScope, clientID, scope)
	return sqldb.Wrap("recording the use of a scope", err)
}

// addedScopes notes the day on which a change adds scopes, so that a new one is not unused.
func (s *Store) addedScopes(c registry.Change) []*sqldb.Statement {
	var steps []*sqldb.Statement
	for _, name := range c.Scope {
		steps = append(steps, sqldb.Stmt(s.text.addScope, c.ClientID, name))
	}
	return steps
}

// unusedScope returns those of a client's scopes that were neither granted nor added for 30 days; nil
// where the client, or the record of uses, is younger.
func (s *Store) unusedScope(ctx context.Context, clientID string, scope oauth.Scope) (oauth.Scope, error) {
	read := sqldb.Read("reading the uses of scopes", s.text.usedScopes, clientID, unusedAfter.Microseconds())
	known := false
	var used oauth.Scope
	err := sqldb.Each(ctx, s.db, read, func(row sqldb.Row) error {
		var name *string
		err := row.Scan(&name)
		if known = true; name != nil {
			used = append(used, *name)
		}
		return err
	})
	if err != nil || !known {
		return nil, err
	}
	return scope.Without(used.Contains), nil
}
