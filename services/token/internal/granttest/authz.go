package granttest

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// ErrClient is an unknown client or a wrong secret.
var ErrClient = errors.New("client authentication failed")

// Clients authenticates clients by identifier and secret.
type Clients struct {
	*Journal
	// Secrets are the clients' secrets by identifier; a public client's is empty.
	Secrets map[string]string
	// GrantTypes are those of every client.
	GrantTypes []string
	// Code is Client.Code of every client.
	Code *grant.ResolvedCode
}

// Authenticate is grant.Clients: the first reading that is right counts.
func (c Clients) Authenticate(_ context.Context, req grant.Request) (grant.Client, error) {
	if err := c.note("Authenticate"); err != nil {
		return grant.Client{}, err
	}
	for _, r := range req.Credentials.Readings {
		if want, known := c.Secrets[r.ID]; known && want == r.Secret.Reveal() {
			return grant.Client{ID: r.ID, GrantTypes: c.GrantTypes, Code: c.Code}, nil
		}
	}
	return grant.Client{}, ErrClient
}

// Codes holds codes until they are deleted; reading one leaves it there.
type Codes struct {
	*Journal
	// Held are the codes by their text.
	Held map[string]oauth.ApprovedRequest
}

// Resolve is grant.Codes.
func (c Codes) Resolve(_ context.Context, code secret.String) (oauth.ApprovedRequest, error) {
	if err := c.note("Resolve"); err != nil {
		return oauth.ApprovedRequest{}, err
	}
	held, ok := c.Held[code.Reveal()]
	if !ok {
		return oauth.ApprovedRequest{}, grant.ErrCodeUnknown
	}
	return held, nil
}
