package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// CreateClient registers a client, with its secret or its keys if it is confidential. It returns
// client.ErrExists if the identifier is taken.
func (s *Store) CreateClient(ctx context.Context, registration client.Registration, current *secret.Record, keys ...client.Key) error {
	steps := append([]*sqldb.Statement{clientRow(s.text.insert, registration), s.identityRow(registration), s.backchannelRow(registration)}, s.uriAndSecretRows(registration, current)...)
	steps = append(steps, s.keyRows(registration.ID, keys)...)
	err := s.audited(ctx, clientChange{kind: "client.created", id: registration.ID, steps: steps})
	if errors.Is(err, sqldb.ErrConflict) {
		return client.ErrExists
	}
	return sqldb.Wrap("registering a client", err)
}

// Replace registers a client, or overwrites an existing one: its other redirect URIs and secrets
// are deleted.
func (s *Store) Replace(ctx context.Context, registration client.Registration, current *secret.Record) error {
	steps := append([]*sqldb.Statement{
		clientRow(s.text.replace, registration),
		s.identityRow(registration),
		s.backchannelRow(registration),
		sqldb.Stmt(s.text.deleteURIs, registration.ID),
		sqldb.Stmt(s.text.deleteSecrets, registration.ID),
		sqldb.Stmt(s.text.deleteKeys, registration.ID),
	}, s.uriAndSecretRows(registration, current)...)
	return sqldb.Wrap("replacing a client", s.change(ctx, steps...))
}

func clientRow(text string, registration client.Registration) *sqldb.Statement {
	return sqldb.Stmt(text, registration.ID, registration.Name, string(registration.Type), strings.Join(registration.GrantTypes, " "), registration.Scope.String(),
		registration.ResourceServer, registration.Disabled, microsOrNull(registration.RefreshRetry), registration.DefaultScope.String(),
		string(registration.ApplicationType), registration.Unverified, registration.Method, registration.Algorithm, registration.URI,
		string(cmp.Or(registration.Reuse, oauth.ReuseSubject)), registration.Service.WorkspaceID,
		registration.IDTokenAlgorithm, registration.Sector, strings.Join(registration.PostLogoutRedirectURIs, " "),
		registration.PushRequired, registration.DPoPRequired, string(cmp.Or(registration.Profile, client.NoProfile)),
		registration.Owner.WorkspaceID, registration.Owner.CreatedBy, storedStatus(registration.Status))
}

// uriAndSecretRows inserts a client's redirect URIs and its secret.
func (s *Store) uriAndSecretRows(registration client.Registration, current *secret.Record) []*sqldb.Statement {
	steps := s.uriRows(registration.ID, registration.RedirectURIs)
	if current != nil {
		steps = append(steps, s.secretRow(registration.ID, *current))
	}
	return steps
}

func (s *Store) secretRow(id string, added secret.Record) *sqldb.Statement {
	return sqldb.Stmt(s.text.insertSecret, id, added.Hash.Bytes(), added.LastFour, added.CreatedBy)
}

func (s *Store) uriRows(id string, uris []string) []*sqldb.Statement {
	var steps []*sqldb.Statement
	for i, uri := range uris {
		steps = append(steps, sqldb.Stmt(s.text.insertURI, id, uri, i))
	}
	return steps
}

// RotateClientSecret makes a new secret the current one. The previous current secret stays valid
// for the overlap, and older ones expire at once. It returns client.ErrUnknown if no confidential
// client with secrets has the identifier; a client with keys has secrets from now on if the rotation
// replaces them.
func (s *Store) RotateClientSecret(ctx context.Context, r client.Rotation) error {
	var one int
	var steps []*sqldb.Statement
	if r.ReplaceKeys {
		steps = s.useSecrets(r.ClientID)
	}
	locked := sqldb.Stmt(s.text.lock, r.ClientID).Scan(&one)
	steps = append(steps,
		locked,
		sqldb.Stmt(s.text.deleteExpiring, r.ClientID),
		sqldb.Stmt(s.text.expireCurrent, r.ClientID, r.Overlap.Microseconds()),
		s.secretRow(r.ClientID, r.Secret),
	)
	return unlessUnknown("rotating a secret", s.audited(ctx, clientChange{
		kind: "client.secret_rotated", id: r.ClientID, steps: steps, verify: found(locked),
	}))
}

// found returns the check that a statement returned a row.
func found(row *sqldb.Statement) func() error {
	return func() error {
		if !row.Found() {
			return client.ErrUnknown
		}
		return nil
	}
}

// unlessUnknown wraps an error, unless it says that the client is unknown.
func unlessUnknown(doing string, err error) error {
	if errors.Is(err, client.ErrUnknown) {
		return err
	}
	return sqldb.Wrap(doing, err)
}

// RevokePreviousClientSecret expires the secret that a rotation left valid, if there is one. It
// returns client.ErrUnknown if no confidential client has the identifier.
func (s *Store) RevokePreviousClientSecret(ctx context.Context, id string) error {
	var one int
	locked := sqldb.Stmt(s.text.lock, id).Scan(&one)
	return unlessUnknown("ending the previous secret", s.audited(ctx, clientChange{
		kind: "client.old_secret_revoked", id: id, ifChanged: true,
		steps: []*sqldb.Statement{locked, sqldb.Stmt(s.text.deleteExpiring, id)}, verify: found(locked),
	}))
}

// SetClientDisabled disables or enables a client, which may be the URL of a document. It returns
// client.ErrUnknown if there is none, and client.ErrSuspended instead of enabling a suspended one.
func (s *Store) SetClientDisabled(ctx context.Context, id string, disabled bool) error {
	if client.IsDocument(id) {
		return s.setDocumentDisabled(ctx, id, disabled)
	}
	if client.MayBeDynamic(id) {
		if err := s.dynamic.setDisabled(ctx, id, disabled); !errors.Is(err, client.ErrUnknown) {
			return err
		}
	}
	err := s.changeOne(ctx, clientChange{kind: disabledKind(disabled), id: id}, sqldb.Stmt(s.text.setDisabled, id, disabled))
	if !errors.Is(err, client.ErrUnknown) {
		return err
	}
	suspended, failed := sqldb.Exists(ctx, s.db, s.text.suspended, id)
	switch {
	case failed != nil:
		return fmt.Errorf("enabling a client: %w", failed)
	case suspended:
		return client.ErrSuspended
	}
	return err
}

// RemoveFromWorkspace removes a client from its workspace, if it has one. It returns
// client.ErrUnknown if there is no such client.
func (s *Store) RemoveFromWorkspace(ctx context.Context, id string) error {
	return s.changeOne(ctx, clientChange{kind: "client.workspace_removed", id: id}, sqldb.Stmt(s.text.removeWorkspace, id))
}

// disabledKind is the kind of the event.
func disabledKind(disabled bool) string {
	if disabled {
		return "client.disabled"
	}
	return "client.enabled"
}

// changeOne runs a statement that changes one client. It returns client.ErrUnknown if it changes
// no row, and writes no event if the row was as it is now.
func (s *Store) changeOne(ctx context.Context, c clientChange, one *sqldb.Statement) error {
	c.steps, c.ifChanged = []*sqldb.Statement{one}, true
	c.verify = affected(one, client.ErrUnknown)
	return unlessUnknown("changing a client", s.audited(ctx, c))
}
