package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// CreateClient registers an app, with its secret when it is confidential. client.ErrExists when the identifier is
// taken.
func (s *Store) CreateClient(ctx context.Context, app client.Registration, current *client.Imprint) error {
	steps := append([]*sqldb.Statement{clientRow(s.text.insert, app)}, s.belongings(app, current)...)
	err := s.db.Pipeline(ctx, steps...)
	if errors.Is(err, sqldb.ErrConflict) {
		return client.ErrExists
	}
	if err != nil {
		return fmt.Errorf("registering a client: %w", err)
	}
	return nil
}

// Replace registers an app, or makes one that exists exactly so: other redirect URIs and secrets of it are gone.
func (s *Store) Replace(ctx context.Context, app client.Registration, current *client.Imprint) error {
	steps := append([]*sqldb.Statement{
		clientRow(s.text.replace, app),
		sqldb.Stmt(s.text.deleteURIs, app.ID),
		sqldb.Stmt(s.text.deleteSecrets, app.ID),
	}, s.belongings(app, current)...)
	if err := s.db.Pipeline(ctx, steps...); err != nil {
		return fmt.Errorf("replacing a client: %w", err)
	}
	return nil
}

func clientRow(text string, app client.Registration) *sqldb.Statement {
	return sqldb.Stmt(text, app.ID, app.Name, string(app.Type), strings.Join(app.GrantTypes, " "), app.Scope.String(),
		app.ResourceServer, app.Disabled)
}

// belongings are an app's redirect URIs and its secret.
func (s *Store) belongings(app client.Registration, current *client.Imprint) []*sqldb.Statement {
	steps := s.uriRows(app.ID, app.RedirectURIs)
	if current != nil {
		steps = append(steps, sqldb.Stmt(s.text.insertSecret, app.ID, current.Hash.Bytes(), current.LastFour))
	}
	return steps
}

func (s *Store) uriRows(id string, uris []string) []*sqldb.Statement {
	var steps []*sqldb.Statement
	for i, uri := range uris {
		steps = append(steps, sqldb.Stmt(s.text.insertURI, id, uri, i))
	}
	return steps
}

// RotateClientSecret makes a new secret the current one. The present one stays valid for the overlap, and what an earlier rotation
// left ends at once. client.ErrUnknown when no confidential app has the identifier.
func (s *Store) RotateClientSecret(ctx context.Context, r client.Rotation) error {
	var one int
	app := sqldb.Stmt(s.text.lock, r.ClientID).Scan(&one)
	err := s.db.Pipeline(ctx,
		app,
		sqldb.Stmt(s.text.dropEnded, r.ClientID),
		sqldb.Stmt(s.text.endCurrent, r.ClientID, r.Overlap.Microseconds()),
		sqldb.Stmt(s.text.insertSecret, r.ClientID, r.Secret.Hash.Bytes(), r.Secret.LastFour),
	)
	if err != nil {
		return fmt.Errorf("rotating a secret: %w", err)
	}
	if !app.Found() {
		return client.ErrUnknown
	}
	return nil
}

// RevokePreviousClientSecret ends the secret that a rotation left valid, if there is one. client.ErrUnknown when no confidential app has
// the identifier.
func (s *Store) RevokePreviousClientSecret(ctx context.Context, id string) error {
	var one int
	app := sqldb.Stmt(s.text.lock, id).Scan(&one)
	if err := s.db.Pipeline(ctx, app, sqldb.Stmt(s.text.dropEnded, id)); err != nil {
		return fmt.Errorf("ending the previous secret: %w", err)
	}
	if !app.Found() {
		return client.ErrUnknown
	}
	return nil
}

// SetClientDisabled disables an app or enables it again. client.ErrUnknown when there is none.
func (s *Store) SetClientDisabled(ctx context.Context, id string, disabled bool) error {
	n, err := s.db.Exec(ctx, s.text.setDisabled, id, disabled)
	if err != nil {
		return fmt.Errorf("disabling a client: %w", err)
	}
	if n == 0 {
		return client.ErrUnknown
	}
	return nil
}
