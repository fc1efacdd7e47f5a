package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/logo"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// identityColumns are those of client.Client.Identity, in the order of identityFields.
const identityColumns = `c.publisher, c.purpose, c.client_uri, c.policy_uri, c.tos_uri, c.logo`

// prepareIdentity sets the statements about the descriptions of clients for users.
func (t *statements) prepareIdentity(db *sqldb.DB) {
	// A parameter that is NULL changes nothing.
	t.setIdentity = db.SQL(`
UPDATE clients SET publisher = COALESCE($2, publisher), purpose = COALESCE($3, purpose), client_uri = COALESCE($4, client_uri),
    policy_uri = COALESCE($5, policy_uri), tos_uri = COALESCE($6, tos_uri), optional_scope = COALESCE($7, optional_scope)
WHERE id = $1`)
	t.setLogo = db.SQL(`UPDATE clients SET logo = $2, unverified = unverified OR $3 AND logo <> $2 WHERE id = $1`)
	t.replaceLogo = db.SQL(`
INSERT INTO client_logos (client_id, hash, png) SELECT id, $2, $3 FROM clients WHERE id = $1
ON CONFLICT (client_id) DO UPDATE SET hash = excluded.hash, png = excluded.png`)
	t.deleteLogo = db.SQL(`DELETE FROM client_logos WHERE client_id = $1`)
	t.logo = db.SQL(`SELECT png FROM client_logos WHERE hash = $1 LIMIT 1`)
}

// identityFields are where identityColumns are scanned to.
func identityFields(a *oauth.AppIdentity) []any {
	return []any{&a.Publisher, &a.Purpose, &a.ClientURI, &a.PolicyURI, &a.TermsURI, &a.Logo}
}

// identityRow writes what a registration says about the client. Its logo is kept.
func (s *Store) identityRow(r client.Registration) *sqldb.Statement {
	a, optional := r.Identity, r.OptionalScope.String()
	return sqldb.Stmt(s.text.setIdentity, r.ID, &a.Publisher, &a.Purpose, &a.ClientURI, &a.PolicyURI, &a.TermsURI, &optional)
}

// identityChange writes what a change says about the client.
func (s *Store) identityChange(c registry.Change) *sqldb.Statement {
	var optional *string
	if c.OptionalScope != nil {
		text := c.OptionalScope.String()
		optional = &text
	}
	return sqldb.Stmt(s.text.setIdentity, c.ClientID, c.Publisher, c.Purpose, c.ClientURI, c.PolicyURI, c.TermsURI, optional)
}

// SetLogo stores the logo of a client, and deletes the previous one; a zero logo only deletes. With
// unreviewed, another logo makes the client unverified. It returns client.ErrUnknown if there is no such
// client.
func (s *Store) SetLogo(ctx context.Context, id string, l logo.Logo, unreviewed bool) error {
	changed := sqldb.Stmt(s.text.setLogo, id, l.Hash, unreviewed)
	image := sqldb.Stmt(s.text.deleteLogo, id)
	if l.Hash != "" {
		image = sqldb.Stmt(s.text.replaceLogo, id, l.Hash, l.PNG)
	}
	return unlessUnknown("changing a logo", s.audited(ctx, clientChange{
		kind: "client.logo_set", id: id, ifChanged: true, steps: []*sqldb.Statement{changed, image}, verify: affected(changed, client.ErrUnknown),
	}))
}

// Logo returns the PNG of a logo, or logo.ErrUnknown.
func (s *Store) Logo(ctx context.Context, hash string) (png []byte, err error) {
	err = s.db.QueryRow(ctx, s.text.logo, hash).Scan(&png)
	return png, sqldb.Wrap("reading a logo", sqldb.NotFoundAs(logo.ErrUnknown, err))
}
