package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// keyFlags are the flags of commands that make a client authenticate with private_key_jwt.
type keyFlags struct {
	JWKS       string `name:"jwks" help:"A file with the client's public keys, a JWK Set (RFC 7517): it authenticates with private_key_jwt alone." placeholder:"FILE" type:"path"`
	JWKSURI    string `name:"jwks-uri" help:"Where the client publishes its public keys instead: https." placeholder:"URL"`
	SigningAlg string `enum:",ES256,PS256,RS256,EdDSA" default:"" help:"The only signature algorithm that is accepted; any that the keys verify unless given: ES256, PS256, RS256, EdDSA." placeholder:"ALG"`
}

// Validate is called by kong.
func (k keyFlags) Validate() error {
	if k.JWKS != "" && k.JWKSURI != "" {
		return errors.New("--jwks and --jwks-uri exclude each other")
	}
	return nil
}

// given reports whether a flag was given.
func (k keyFlags) given() bool { return k.JWKS != "" || k.JWKSURI != "" || k.SigningAlg != "" }

// jwks returns the content of the file; empty where none was given.
func (k keyFlags) jwks() (string, error) {
	if k.JWKS == "" {
		return "", nil
	}
	return readKeys(k.JWKS)
}

func readKeys(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the keys: %w", err)
	}
	return string(content), nil
}

// clientKeys is `usher clients keys`.
type clientKeys struct {
	Add    addKey    `cmd:"" help:"Register another public key; a client has two at most, so that one can replace the other."`
	Update updateKey `cmd:"" help:"Change the name or the expiry of a key."`
	Remove removeKey `cmd:"" help:"Remove a key at once; the last one stays."`
}

// keyExpiry is the flag of commands that set a key's expiry.
type keyExpiry struct {
	ExpiresIn *time.Duration `help:"How long the key is valid from now on, in whole seconds." placeholder:"DURATION"`
}

// Validate is called by kong.
func (k keyExpiry) Validate() error {
	if k.ExpiresIn == nil {
		return nil
	}
	return positiveSeconds("--expires-in", *k.ExpiresIn)
}

// seconds returns the expiry as the contract has it; 0 where the flag was not given.
func (k keyExpiry) seconds() int64 { return int64(value(k.ExpiresIn) / time.Second) }

type addKey struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
	JWKS   string `name:"jwks" required:"" help:"A file with the public key: a JWK, or a JWK Set of one." placeholder:"FILE" type:"path"`
	Name   string `help:"The key's name; its kid unless given." placeholder:"NAME"`
	keyExpiry
}

// Run registers a key.
func (c addKey) Run(ctx context.Context, s *Session) error {
	jwk, err := readKeys(c.JWKS)
	if err != nil {
		return err
	}
	return call(ctx, s.authz().AddClientKey, &authzv1.AddClientKeyRequest{
		ClientId: c.Client, Jwk: jwk, Name: c.Name, LifetimeSeconds: c.seconds(),
	}, rows(s, registrationRows[*authzv1.AddClientKeyResponse]))
}

type updateKey struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
	Key    string `arg:"" help:"The key's kid."`
	Name   string `help:"The new name." placeholder:"NAME"`
	keyExpiry
	NoExpiry bool `help:"The key does not expire."`
}

// Validate is called by kong.
func (c updateKey) Validate() error {
	switch {
	case c.NoExpiry && c.ExpiresIn != nil:
		return errors.New("--expires-in and --no-expiry exclude each other")
	case c.Name == "" && c.ExpiresIn == nil && !c.NoExpiry:
		return errors.New("no change was given: add --name, --expires-in or --no-expiry")
	}
	return c.keyExpiry.Validate()
}

// Run changes a key.
func (c updateKey) Run(ctx context.Context, s *Session) error {
	req := &authzv1.UpdateClientKeyRequest{ClientId: c.Client, Kid: c.Key}
	if c.Name != "" {
		req.Name = &c.Name
	}
	if seconds := c.seconds(); seconds != 0 || c.NoExpiry {
		req.LifetimeSeconds = &seconds
	}
	return call(ctx, s.authz().UpdateClientKey, req, rows(s, registrationRows[*authzv1.UpdateClientKeyResponse]))
}

type removeKey struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
	Key    string `arg:"" help:"The key's kid."`
}

// Run removes a key.
func (c removeKey) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.authz().RemoveClientKey, &authzv1.RemoveClientKeyRequest{ClientId: c.Client, Kid: c.Key},
		rows(s, registrationRows[*authzv1.RemoveClientKeyResponse]))
}

// addKeyRows shows how a client with keys authenticates.
func addKeyRows(t *table.Rows, r *authzv1.Registration) {
	t.AddGiven("SIGNING ALG", r.GetTokenEndpointAuthSigningAlg())
	t.AddGiven("JWKS URI", r.GetJwksUri())
	for _, key := range r.GetKeys() {
		t.Add("KEY", keyText(key))
	}
}

// keyText describes a key in one line.
func keyText(key *authzv1.ClientKey) string {
	parts := []string{key.GetKid()}
	if name := key.GetName(); name != "" && name != key.GetKid() {
		parts[0] += fmt.Sprintf(" (%s)", name)
	}
	if key.GetKty() != "" {
		parts = append(parts, key.GetKty())
	}
	if key.GetExpireTime() != nil {
		parts = append(parts, "until "+timestamp(key.GetExpireTime()))
	}
	if key.GetLastUseTime() == nil {
		return strings.Join(append(parts, "not used"), ", ")
	}
	return strings.Join(append(parts, "last used "+timestamp(key.GetLastUseTime())), ", ")
}
