package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/assertion"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// dynamicClients are the clients that registered themselves, in memory like the operator's but under
// a version of their own.
type dynamicClients struct {
	db      *sqldb.DB
	text    dynamicStatements
	version *lease.Version
	clients *lease.Cache[dynamic.Client]
	// events is the log that the audit trail follows.
	events *outbox.Log
}

func newDynamicClients(db *sqldb.DB) *dynamicClients {
	d := &dynamicClients{db: db, text: prepareDynamic(db), events: outbox.New(db)}
	d.version = lease.NewVersion(d.readVersion, db.Engine() == sqldb.SQLite)
	d.clients = lease.NewCache[dynamic.Client](d.version, maxClients)
	return d
}

func (d *dynamicClients) readVersion(ctx context.Context) (version int64, err error) {
	err = d.db.QueryRow(ctx, d.text.version).Scan(&version)
	return version, sqldb.Wrap("reading the version of the clients that registered themselves", err)
}

// find returns a client, or client.ErrUnknown. Callers share the slices and must not change them.
func (d *dynamicClients) find(ctx context.Context, id string) (dynamic.Client, error) {
	return d.clients.Get(ctx, id, func(ctx context.Context) (dynamic.Client, time.Duration, error) {
		found, err := scanDynamic(d.db.QueryRow(ctx, d.text.find, id))
		return found, maxAge, sqldb.NotFoundAs(client.ErrUnknown, err)
	})
}

// record returns a client as authentication needs it.
func (d *dynamicClients) record(ctx context.Context, id string) (client.Record, error) {
	found, err := d.find(ctx, id)
	if err != nil {
		return client.Record{}, err
	}
	record := client.Record{Client: found.Client, Keys: assertion.Registered{Valid: found.Keys}}
	if found.Secret != nil {
		record.Secrets = []secret.Hash{found.Secret.Hash}
	}
	return record, nil
}

// registered returns a client as an operator sees it.
func (d *dynamicClients) registered(ctx context.Context, id string) (registry.Client, error) {
	found, err := d.find(ctx, id)
	if err != nil {
		return registry.Client{}, err
	}
	registered := registry.Client{Registration: found.Registration, CreatedAt: found.CreatedAt}
	if found.Secret != nil {
		registered.Secrets = []secret.Info{{LastFour: found.Secret.LastFour, CreatedAt: found.CreatedAt}}
	}
	return registered, nil
}

// listed returns those of the identifiers that are clients which registered themselves.
func (d *dynamicClients) listed(ctx context.Context, ids []string) ([]client.Registration, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !client.MayBeDynamic(id) })
	if len(ids) == 0 {
		return nil, nil
	}
	read := sqldb.Read("listing clients", d.text.list, d.db.Texts(ids))
	return sqldb.List(ctx, d.db, read, func(row sqldb.Row, c *client.Registration) error {
		found, err := scanDynamic(row)
		c.Client, c.Scope = found.Client, found.Scope
		return err
	})
}

// scanDynamic scans dynamicColumns.
func scanDynamic(row sqldb.Row) (dynamic.Client, error) {
	var c dynamic.Client
	var kind, grants, scope, application, uris, metadata, lastFour, limit string
	var hash []byte
	err := row.Scan(&c.ID, &c.Name, &kind, &grants, &scope, &application, &uris, &metadata, &hash, &lastFour, &c.Privilege.Token,
		&limit, &c.Disabled, &c.Shared, &c.Authorized, sqldb.Time(&c.CreatedAt))
	if err != nil {
		return dynamic.Client{}, err
	}
	if err := json.Unmarshal([]byte(metadata), &c.Metadata); err != nil {
		return dynamic.Client{}, fmt.Errorf("reading the metadata of a client: %w", err)
	}
	c.Type, c.GrantTypes, c.Scope, c.ApplicationType = client.Type(kind), names(grants), names(scope), client.ApplicationType(application)
	c.RedirectURIs, c.Privilege.Scope = strings.Fields(uris), oauth.Scope(names(limit))
	c.Unverified, c.SelfRegistered = true, true
	c.ScopeLimited = len(c.Privilege.Scope) == 0
	c.Identity, c.Hosts = c.Metadata.Identity(), client.HostsOf(c.RedirectURIs)
	c.RestoreLogout()
	c.RestoreSecurity()
	window := client.SelfRegisteredRetry
	c.RefreshRetry = &window
	c.Reuse = oauth.ReuseSubject
	if c.Type == client.Public {
		c.Reuse = oauth.ReuseFamily // its installations may share the identifier
	}
	if c.Name == "" {
		c.Name = c.ID // RFC 7591 §2
	}
	if err := c.RestoreKeys(); err != nil {
		return dynamic.Client{}, fmt.Errorf("reading the keys of a client: %w", err)
	}
	if hash == nil {
		return c, nil
	}
	kept, err := secret.HashFromBytes(hash)
	c.Secret = &secret.Record{Hash: kept, LastFour: lastFour}
	return c, err
}

// Versions returns the version of the operator's clients and that of the clients that registered
// themselves, as the database has them.
func (s *Store) Versions(ctx context.Context) (versions [2]int64, err error) {
	if versions[0], err = s.readVersion(ctx); err == nil {
		versions[1], err = s.dynamic.readVersion(ctx)
	}
	return versions, err
}
