package document

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// authentication returns how a client authenticates, with the keys in its document. The document is
// public and can have no secret: the method is none or private_key_jwt, and the latter if the
// document offers both. The method is binding.
func (d *Documents) authentication(m metadata, u *url.URL) (client.KeyAuthentication, []jose.Key, error) {
	const none = "none"
	offered := append(slices.Clone(m.authMethods), m.authMethod)
	switch {
	case slices.Contains(offered, oauth.PrivateKeyJWT):
	case m.authMethod == "" && len(m.authMethods) == 0, slices.Contains(offered, none):
		return client.KeyAuthentication{}, nil, nil
	default:
		return client.KeyAuthentication{}, nil, fmt.Errorf("token_endpoint_auth_method must be %s or %s", none, oauth.PrivateKeyJWT)
	}
	method := client.KeyAuthentication{Method: oauth.PrivateKeyJWT, Algorithm: m.algorithm, URI: m.jwksURI}
	if m.algorithm != "" && !slices.Contains(oauth.SigningAlgorithms(), m.algorithm) {
		return method, nil, fmt.Errorf("token_endpoint_auth_signing_alg must be %s", oauth.JoinNames(oauth.SigningAlgorithms(), "or"))
	}
	if (m.jwks == nil) == (m.jwksURI == "") {
		return method, nil, errors.New("private_key_jwt needs either jwks or jwks_uri")
	}
	if m.jwksURI != "" {
		return method, nil, d.checkKeyAddress(m.jwksURI, u)
	}
	keys, err := jose.UsableKeys(m.jwks)
	if err != nil || len(keys) == 0 {
		return method, nil, errors.New("jwks must be a JWK Set with a public key for signatures")
	}
	return method, keys, nil
}

// checkKeyAddress validates the address of the keys. On a host that only an open policy accepts they
// are at the same host: a document of a stranger must not name others that are then requested.
func (d *Documents) checkKeyAddress(address string, u *url.URL) error {
	if d.config.Rules.CheckURL != nil {
		if err := d.config.Rules.CheckURL(address); err != nil {
			return fmt.Errorf("jwks_uri cannot be read: %w", err)
		}
	}
	keys, err := url.Parse(address)
	if err != nil || keys.Host != u.Host && !d.config.Policy.listed(u.Host) {
		return errors.New("jwks_uri has another host than the document")
	}
	return nil
}
