package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/idtoken"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/seal"
	"github.com/vidocu/usher/services/token/internal/signing"
	"github.com/vidocu/usher/services/token/internal/store"
)

// rotateEvery is how often cleanup looks whether a key must be created: far less than a key is
// published before it signs.
const rotateEvery = 10 * time.Minute

// errNoKey is returned where OpenID Connect is on without its key.
var errNoKey = errors.New("token.key_encryption_key is required with openid: 32 random characters or more")

// developmentKey encrypts the keys of a development database, which are worth nothing.
const developmentKey = "usher development, and nothing else"

// openID is OpenID Connect as the service uses it; its zero value is one that is off.
type openID struct {
	ring     *signing.Ring
	subjects grant.Subjects
	tokens   grant.IDTokens
	issuer   idtoken.Issuer
}

// openOpenID reads the keys, and creates the first ones.
func openOpenID(ctx context.Context, config Config, deps Deps, st *store.Store) (openID, error) {
	if !deps.OpenID {
		return openID{}, nil
	}
	if config.KeyEncryptionKey.IsZero() {
		return openID{}, errNoKey
	}
	box := seal.NewBox(config.KeyEncryptionKey, config.OtherKeyEncryptionKey)
	ring, err := signing.Open(ctx, signing.Config{Store: st, Box: box, Lifetime: config.SigningKeyLifetime, Now: deps.Now, Logger: deps.Logger})
	if err != nil {
		return openID{}, fmt.Errorf("opening the signing keys: %w", err)
	}
	subjects, err := signing.OpenSubjects(ctx, st, box)
	if err != nil {
		return openID{}, fmt.Errorf("opening the key of pairwise subjects: %w", err)
	}
	issuer := idtoken.Issuer{Keys: ring, Users: st, Name: deps.Issuer}
	return openID{ring: ring, subjects: subjects, tokens: issuer, issuer: issuer}, nil
}

// server returns the RPCs of OpenID Connect.
func (o openID) server(config Config, deps Deps, introspector introspect.Introspector) *rpc.OpenID {
	if o.ring == nil {
		return &rpc.OpenID{}
	}
	return &rpc.OpenID{
		Keys: o.ring, IDTokens: o.issuer, Introspector: introspector, Directory: identityv1.NewDirectoryServiceClient(deps.Identity),
		EmailVerified: config.EmailVerified,
	}
}

// startSigning reads the keys on every replica, and rotates them on one at a time.
func (s *Service) startSigning(ctx context.Context, group *errgroup.Group) {
	if s.ring == nil {
		return
	}
	group.Go(func() error { s.ring.Run(ctx); return nil })
	rotation := cleanup.Runner{Name: "token keys", DB: s.deps.DB, Logger: s.deps.Logger, Every: rotateEvery, Work: s.ring.Rotate, Done: s.deps.Metrics.CleanupSucceeded}
	group.Go(func() error { rotation.Run(ctx); return nil })
}

// withDevelopmentKey returns the configuration with a key for development where it has none.
func (c Config) withDevelopmentKey() Config {
	if c.KeyEncryptionKey.IsZero() {
		c.KeyEncryptionKey = secret.New(developmentKey)
	}
	return c
}
