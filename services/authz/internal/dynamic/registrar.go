package dynamic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Store is the part of the store that registrations need.
type Store interface {
	// AddDynamic stores a registration. It returns ErrToken if the initial access token cannot be
	// used any more. If an enabled client with the fingerprint was registered within the window, it
	// adds the registration to that client instead and returns it: of concurrent calls, one creates
	// it.
	AddDynamic(ctx context.Context, n New) (Client, error)
	// FindDynamic returns the client of a registration, or ErrToken.
	FindDynamic(ctx context.Context, r Key) (Client, error)
	// ReplaceDynamic replaces the client and the token of a registration, and keeps the client's
	// secret if it still authenticates with one. It returns ErrToken or ErrShared.
	ReplaceDynamic(ctx context.Context, r Key, replacement Client, token secret.Hash) error
	// DisableToDelete disables the client of a registration, and reports so, if users have approved it
	// and no other registration shares it: none joins it after that. It returns ErrToken.
	DisableToDelete(ctx context.Context, r Key) (disabled bool, err error)
	// DeleteDynamic deletes the client of a registration, and of a shared client the registration
	// only. It reports whether users have approved a client that it deleted. It returns ErrToken.
	DeleteDynamic(ctx context.Context, r Key) (authorized bool, err error)
	// CountDynamic returns the number of clients, counting up to limit.
	CountDynamic(ctx context.Context, limit int) (int, error)
	// FindInitialToken returns the privilege of an initial access token that can be used now, or
	// ErrToken.
	FindInitialToken(ctx context.Context, token secret.Hash) (Privilege, error)
}

// New is a registration to store.
type New struct {
	Client Client
	// Token is the registration access token.
	Token secret.Hash
	// Initial is the initial access token, of which one use is taken; nil for none.
	Initial *secret.Hash
	// Fingerprint identifies identical registrations; nil for one that is never shared.
	Fingerprint *secret.Hash
	// Window is how long after the last identical registration another one shares the client.
	Window time.Duration
	// Kept is how long the client is kept if no user approves a request of it.
	Kept time.Duration
}

// Key names a registration by its client and its registration access token.
type Key struct {
	ClientID string
	Token    secret.Hash
}

// Registrar registers clients.
type Registrar struct {
	Mode   Mode
	Store  Store
	Rules  Rules
	Limits Limits
	// Abandoned is how long a client is kept that no user has approved.
	Abandoned time.Duration
}

// Registered is a registration with its credentials.
type Registered struct {
	ID        string
	CreatedAt time.Time
	Metadata  Metadata
	// Secret is zero for a public client, and wherever no new secret was generated.
	Secret secret.String
	// Token is the registration access token; zero if it stays the same.
	Token secret.String
}

// sharedWithin is how long identical registrations of public clients share a client: hosted
// connectors register with every connection of a user.
const sharedWithin = 24 * time.Hour

// Register registers a client with an initial access token, which is zero if none was sent. source is
// the network address that the request came from; empty if it is not known. It returns ErrOff, ErrToken,
// ErrFull, a *MetadataError or a *ratelimit.LimitedError. A refused request consumes no use of the
// initial access token.
func (r Registrar) Register(ctx context.Context, metadata Metadata, initialToken secret.String, source string) (Registered, error) {
	if r.Mode != Open && r.Mode != ByToken {
		return Registered{}, ErrOff
	}
	n := New{Window: sharedWithin, Kept: r.Abandoned}
	var err error
	var privilege Privilege
	switch {
	case !initialToken.IsZero():
		if privilege, n.Initial, err = r.initialToken(ctx, initialToken); err != nil {
			return Registered{}, err
		}
	case r.Mode == ByToken:
		return Registered{}, ErrToken
	}
	if err := r.Limits.take(ctx, source); err != nil {
		return Registered{}, err
	}
	if n.Client, err = r.Rules.apply(metadata, privilege); err != nil {
		return Registered{}, err
	}
	n.Client.ID = client.NewDynamicID()
	if err := n.Client.setSubject(nil); err != nil {
		return Registered{}, err
	}
	if err := r.Limits.Total.take(ctx, r.Store); err != nil {
		return Registered{}, err
	}
	registered := Registered{Token: secret.Generate(secret.RegistrationToken)}
	n.Token = secret.Sum(registered.Token.Reveal())
	switch {
	case n.Client.HasSecret():
		registered.Secret = n.Client.newSecret()
	case n.Client.Type == client.Public && n.Initial == nil:
		n.Fingerprint = fingerprint(n.Client, source)
	}
	stored, err := r.Store.AddDynamic(ctx, n)
	if err != nil {
		return Registered{}, fmt.Errorf("registering a client: %w", err)
	}
	registered.ID, registered.CreatedAt, registered.Metadata = stored.ID, stored.CreatedAt, stored.registered()
	return registered, nil
}

// initialToken returns what an initial access token permits, and its hash.
func (r Registrar) initialToken(ctx context.Context, token secret.String) (Privilege, *secret.Hash, error) {
	if !secret.Valid(secret.InitialToken, token.Reveal()) {
		return Privilege{}, nil, ErrToken
	}
	hash := secret.Sum(token.Reveal())
	privilege, err := r.Store.FindInitialToken(ctx, hash)
	return privilege, &hash, err
}

// Read returns a registration. It returns ErrOff or ErrToken.
func (r Registrar) Read(ctx context.Context, id string, token secret.String) (Registered, error) {
	_, found, err := r.find(ctx, id, token)
	if err != nil {
		return Registered{}, err
	}
	return Registered{ID: found.ID, CreatedAt: found.CreatedAt, Metadata: found.registered()}, nil
}

// Update is an update request (RFC 7592 §2.2).
type Update struct {
	ClientID string
	// Token is the registration access token.
	Token    secret.String
	Metadata Metadata
	// Secret is the client's secret; zero if the client did not send it.
	Secret secret.String
	// Source is the network address that the request came from; empty if it is not known.
	Source string
}

// Update replaces all metadata of a registration and its token. A secret that the client sent must
// be its current one: a client cannot choose its secret. It returns ErrOff, ErrToken, ErrShared, a
// *MetadataError or a *ratelimit.LimitedError.
func (r Registrar) Update(ctx context.Context, u Update) (Registered, error) {
	key, found, err := r.find(ctx, u.ClientID, u.Token)
	if err == nil {
		err = r.Limits.takeUpdate(ctx, u.ClientID, u.Source)
	}
	switch {
	case err != nil:
		return Registered{}, err
	case found.Shared:
		return Registered{}, ErrShared
	case !u.Secret.IsZero() && (found.Secret == nil || !secret.Equal(found.Secret.Hash, secret.Sum(u.Secret.Reveal()))):
		return Registered{}, refuse("client_secret", "is not the client's secret: leave it out")
	}
	replacement, err := r.Rules.apply(u.Metadata, found.Privilege)
	if err != nil {
		return Registered{}, err
	}
	replacement.ID, replacement.CreatedAt = found.ID, found.CreatedAt
	if !r.Rules.OpenID { // the client keeps the subject type that it registered when there were ID tokens
		replacement.Metadata.SubjectType = found.Metadata.SubjectType
	}
	if err := replacement.setSubject(&found); err != nil {
		return Registered{}, err
	}
	updated := Registered{ID: found.ID, CreatedAt: found.CreatedAt, Token: secret.Generate(secret.RegistrationToken)}
	if replacement.HasSecret() && !found.HasSecret() {
		updated.Secret = replacement.newSecret()
	}
	if err := r.Store.ReplaceDynamic(ctx, key, replacement, secret.Sum(updated.Token.Reveal())); err != nil {
		return Registered{}, fmt.Errorf("updating a registration: %w", err)
	}
	updated.Metadata = replacement.registered()
	return updated, nil
}

// Disable disables the client of a registration, and reports so, if users have approved it and it is not
// shared. It returns ErrOff or ErrToken.
func (r Registrar) Disable(ctx context.Context, id string, token secret.String) (disabled bool, err error) {
	key, found, err := r.find(ctx, id, token)
	if err != nil || !found.Authorized || found.Shared {
		return false, err // an approval since is found when the client is deleted
	}
	return r.Store.DisableToDelete(ctx, key)
}

// Delete deletes a registration, and reports whether a client was deleted that users have approved. It
// returns ErrOff or ErrToken.
func (r Registrar) Delete(ctx context.Context, id string, token secret.String) (revoke bool, err error) {
	key, _, err := r.find(ctx, id, token)
	if err != nil {
		return false, err
	}
	return r.Store.DeleteDynamic(ctx, key)
}

// find returns a registration and its client. An unknown client is ErrToken too.
func (r Registrar) find(ctx context.Context, id string, token secret.String) (Key, Client, error) {
	if r.Mode != Open && r.Mode != ByToken {
		return Key{}, Client{}, ErrOff
	}
	if !client.ValidID(id) || !secret.Valid(secret.RegistrationToken, token.Reveal()) {
		return Key{}, Client{}, ErrToken
	}
	key := Key{ClientID: id, Token: secret.Sum(token.Reveal())}
	found, err := r.Store.FindDynamic(ctx, key)
	if err != nil {
		return Key{}, Client{}, fmt.Errorf("reading a registration: %w", err)
	}
	return key, found, nil
}

// newSecret generates the client's secret.
func (c *Client) newSecret() secret.String {
	generated := secret.Generate(secret.ClientSecret)
	kept := secret.NewRecord(generated)
	c.Secret = &kept
	return generated
}

// fingerprint identifies the registrations that share a client: with the same metadata, from the
// same network. It is nil for an unknown network.
func fingerprint(c Client, source string) *secret.Hash {
	network := networkOf(source)
	if !network.IsValid() {
		return nil
	}
	m := c.registered()
	m.Sector = "" // which may be the identifier of one of the clients
	slices.Sort(m.RedirectURIs)
	text, err := json.Marshal([]any{network.String(), m, m.RedirectURIs, m.GrantTypes, m.Scope, m.ApplicationType})
	if err != nil {
		return nil // strings always encode
	}
	hash := secret.Sum(string(text))
	return &hash
}

// networkOf returns the network of an address: an IPv4 /24, and an IPv6 /48, which a site has (RFC
// 6177). It is not valid for an unknown address.
func networkOf(source string) netip.Prefix {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		port, err := netip.ParseAddrPort(source)
		if err != nil {
			return netip.Prefix{}
		}
		addr = port.Addr()
	}
	bits := 48
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		bits = 24
	}
	network, _ := addr.Prefix(bits) // the address has that many bits
	return network
}
