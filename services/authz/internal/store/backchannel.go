package store

import (
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// backchannelColumns are those of client.BackChannelLogout, in the order of backchannelFields.
const backchannelColumns = `c.logout_uri, c.logout_session_required`

// setBackchannel changes them; a parameter that is NULL changes nothing.
const setBackchannel = `
UPDATE clients SET logout_uri = COALESCE($2, logout_uri), logout_session_required = COALESCE($3, logout_session_required)
WHERE id = $1`

// backchannelFields are where backchannelColumns are scanned to.
func backchannelFields(b *client.BackChannelLogout) []any {
	return []any{&b.LogoutURI, &b.LogoutSessionRequired}
}

// backchannelRow writes where a registered client gets logout tokens.
func (s *Store) backchannelRow(r client.Registration) *sqldb.Statement {
	return sqldb.Stmt(setBackchannel, r.ID, &r.LogoutURI, &r.LogoutSessionRequired)
}

// backchannelChange writes where a client gets logout tokens from now on.
func (s *Store) backchannelChange(c registry.Change) *sqldb.Statement {
	return sqldb.Stmt(setBackchannel, c.ClientID, c.LogoutURI, c.LogoutSessionRequired)
}
