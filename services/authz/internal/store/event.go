package store

import (
	"context"
	"maps"
	"slices"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Events returns the log that the audit trail follows.
func (s *Store) Events() *outbox.Log { return s.events }

// clientChange is a change of a registered client, with its event.
type clientChange struct {
	// kind is that of the event.
	kind, id string
	// ifChanged leaves the event out if no field of the client differs.
	ifChanged bool
	steps     []*sqldb.Statement
	// changes are those of the event where the steps know them; nil compares the client before and after.
	changes []outbox.Change
	// verify returns an error if the steps, which have run, must not take effect; nil checks nothing.
	verify func() error
}

// audited runs the steps of a change in one transaction with its event, and returns when every
// replica reflects it.
func (s *Store) audited(ctx context.Context, c clientChange) error {
	event, object := outbox.Event{Kind: c.kind, ClientID: c.id, Changes: c.changes}, clientObject(c.id)
	if c.changes != nil {
		object = outbox.Observed{}
	}
	if c.ifChanged {
		event = event.IfChanged()
	}
	err := s.events.Change(ctx, event, object, func(tx *sqldb.Tx) error {
		if err := tx.Run(ctx, c.steps...); err != nil {
			return err
		}
		if c.verify != nil {
			return c.verify()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.version.Changed(ctx)
}

// clientObject is a registered client as the audit trail shows it: no credential, and of a secret its
// last characters, which distinguish secrets; of its testers their number. Values of a field have no order:
// that of the redirect URIs decides nothing but which one a page shows first, so that a change of it alone
// has no event. The events of a workspace's client are those of the workspace, also where an operator acts.
func clientObject(id string) outbox.Observed {
	query := `
SELECT 'status', CASE WHEN disabled THEN 'disabled' ELSE 'enabled' END FROM clients WHERE id = $1
UNION ALL SELECT 'verified', CASE WHEN unverified THEN 'no' ELSE 'yes' END FROM clients WHERE id = $1
UNION ALL SELECT 'resource_server', CASE WHEN resource_server THEN 'yes' ELSE '' END FROM clients WHERE id = $1
UNION ALL SELECT 'require_pushed_authorization_requests', CASE WHEN push_required THEN 'yes' ELSE '' END FROM clients WHERE id = $1
UNION ALL SELECT 'dpop_bound_access_tokens', CASE WHEN dpop_required THEN 'yes' ELSE '' END FROM clients WHERE id = $1
UNION ALL SELECT 'backchannel_logout_session_required', CASE WHEN logout_session_required THEN 'yes' ELSE '' END FROM clients WHERE id = $1
UNION ALL SELECT 'refresh_retry_microseconds', COALESCE(CAST(refresh_retry AS TEXT), '') FROM clients WHERE id = $1
UNION ALL SELECT 'redirect_uris', uri FROM redirect_uris WHERE client_id = $1
UNION ALL SELECT 'secrets', '…' || last_four || CASE WHEN expires_at IS NULL THEN '' ELSE ' (ending)' END FROM client_secrets WHERE client_id = $1
UNION ALL SELECT 'testers', CAST(count(*) AS TEXT) FROM client_testers WHERE client_id = $1 HAVING count(*) > 0
UNION ALL SELECT 'publication', status FROM clients WHERE id = $1 AND owner_workspace_id <> ''
UNION ALL SELECT 'submitted', CASE WHEN submitted_at IS NULL THEN '' ELSE 'yes' END FROM clients WHERE id = $1
UNION ALL SELECT 'secret_ends', '…' || last_four || ' ' || CAST(expires_at AS TEXT) FROM client_secrets WHERE client_id = $1 AND expires_at IS NOT NULL
UNION ALL SELECT 'subject_type', CASE WHEN sector <> '' THEN 'pairwise' ELSE '' END FROM clients WHERE id = $1
UNION ALL SELECT 'keys', kid || ' ' || name FROM client_keys WHERE client_id = $1
UNION ALL SELECT 'key_ends', kid || ' ' || CAST(expires_at AS TEXT) FROM client_keys WHERE client_id = $1 AND expires_at IS NOT NULL
UNION ALL SELECT 'key_thumbprints', kid || ' ' || CAST(jwk AS TEXT) FROM client_keys WHERE client_id = $1`
	columns := map[string]string{ //nolint:gosec // names of columns, and no credential
		"name": "name", "type": "type", "grant_types": "grant_types", "scope": "scope", "default_scope": "default_scope",
		"application_type": "application_type", "token_endpoint_auth_method": "auth_method", "token_endpoint_auth_signing_alg": "auth_algorithm",
		"jwks_uri": "jwks_uri", "reuse": "reuse", "workspace": "workspace_id", "id_token_signed_response_alg": "id_token_alg",
		"post_logout_redirect_uris": "post_logout_uris", "backchannel_logout_uri": "logout_uri", "profile": "profile", "publisher": "publisher", "purpose": "purpose",
		"client_uri": "client_uri", "policy_uri": "policy_uri", "tos_uri": "tos_uri", "optional_scope": "optional_scope", "logo": "logo",
		"owner": "owner_workspace_id", "created_by": "created_by", "review_note": "review_note",
	}
	for _, field := range slices.Sorted(maps.Keys(columns)) { // the same text each time, which the server prepares once
		query += `
UNION ALL SELECT '` + field + `', ` + columns[field] + ` FROM clients WHERE id = $1`
	}
	return outbox.Observed{
		Query: query, Lock: `SELECT 1 FROM clients WHERE id = $1 {{for update}}`, Args: []any{id}, Expand: expand, Workspace: "owner",
	}
}

// dynamicObject is a client that registered itself.
func dynamicObject(id string) outbox.Observed {
	query := `
SELECT 'status', CASE WHEN disabled THEN 'disabled' ELSE 'enabled' END FROM dynamic_clients WHERE id = $1
UNION ALL SELECT 'secrets', CASE WHEN secret_hash IS NULL THEN '' ELSE '…' || secret_last_four END FROM dynamic_clients WHERE id = $1`
	for _, column := range []string{"name", "type", "grant_types", "scope", "application_type", "redirect_uris", "metadata"} {
		query += `
UNION ALL SELECT '` + column + `', ` + column + ` FROM dynamic_clients WHERE id = $1`
	}
	return outbox.Observed{Query: query, Lock: `SELECT 1 FROM dynamic_clients WHERE id = $1 {{for update}}`, Args: []any{id}, Expand: expand}
}

// registrationObject is an initial access token.
func registrationObject(id string) outbox.Observed {
	return outbox.Observed{Args: []any{id}, Expand: expand, Query: `
SELECT 'name', name FROM initial_access_tokens WHERE id = $1
UNION ALL SELECT 'scope', scope FROM initial_access_tokens WHERE id = $1
UNION ALL SELECT 'expire_time', CAST(expires_at AS TEXT) FROM initial_access_tokens WHERE id = $1
UNION ALL SELECT 'uses_left', CAST(uses_left AS TEXT) FROM initial_access_tokens WHERE id = $1`}
}

// byItself is an event that a client caused about its own registration.
func byItself(kind, id string) outbox.Event {
	return outbox.Event{Kind: kind, ClientID: id, Actor: actor.OfClient(id)}
}
