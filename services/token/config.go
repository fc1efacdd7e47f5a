package token

import (
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Config is the section `token` of the configuration.
type Config struct {
	// DatabaseURL is where credentials are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"token" help:"database of the token service: postgres://… or sqlite:<path>"`
	// AccessTokenLifetime is the life of an access token.
	AccessTokenLifetime time.Duration `koanf:"access_token_lifetime" bounds:"1s to 24h" help:"life of an access token, no longer than family_lifetime"`
	// ServiceTokenLifetime is the life of an access token that a client gets for itself.
	ServiceTokenLifetime time.Duration `koanf:"service_token_lifetime" bounds:"1s to 1h" help:"life of an access token that a client gets for itself (client_credentials)"`
	// RefreshTokenLifetime is the life of a refresh token from its issue.
	RefreshTokenLifetime time.Duration `koanf:"refresh_token_lifetime" bounds:"1s to 8760h" help:"life of a refresh token from its issue, no longer than family_lifetime"`
	// FamilyLifetime is the life of a token family: every token issued from one authorization.
	FamilyLifetime time.Duration `koanf:"family_lifetime" bounds:"1s to 43800h" help:"life of everything that came of one authorization, however often refreshed"`
	// RefreshRetryWindow is how long a client that retries a refresh gets the same successor again;
	// a client may have a window of its own.
	RefreshRetryWindow time.Duration `koanf:"refresh_retry_window" bounds:"0s to 30s" help:"how long a repeated refresh returns the same successor, for clients without a window of their own; 0s refuses it, and revokes the tokens"`
	// RefreshLimit is how many refreshes a token family gets within RefreshWindow; the bound is ten
	// a second for a day.
	RefreshLimit int `koanf:"refresh_limit" bounds:"0 to 1000000" help:"how often the tokens of one authorization are refreshed within refresh_window before the response is 429; 0 is without a limit"`
	// RefreshWindow is the window that RefreshLimit counts in.
	RefreshWindow time.Duration `koanf:"refresh_window" bounds:"1s to 24h" help:"the time that refresh_limit counts in"`
	// GrantLimit is the number of live grants of one user with one client in one workspace. A
	// redemption skips that many rows to find the oldest.
	GrantLimit int `koanf:"grant_limit" bounds:"0 to 10000" help:"live grants of a user with an app in a workspace; one more revokes the oldest; 0 is any number"`
	// EnvoyKeepAuthorization passes the Authorization header on to the upstream behind Envoy.
	EnvoyKeepAuthorization bool `koanf:"envoy_keep_authorization" help:"Envoy passes the Authorization header on to the upstream; by default it is removed"`
	// IntrospectionCacheSize is the maximum number of live tokens that a replica caches, about 1
	// KiB each.
	IntrospectionCacheSize int `koanf:"introspection_cache_size" bounds:"0 or more" help:"live tokens that a replica caches at most, about 1 KiB each; 0 caches none"`
	// HeartbeatInterval is the longest time between two messages of a stream of WatchRevocations.
	HeartbeatInterval time.Duration `koanf:"heartbeat_interval" bounds:"100ms to 1m" help:"longest time between two messages of a stream of revocations"`
	// UserTokenLifetime is the life of a user token of VIDIZMO's API.
	UserTokenLifetime time.Duration `koanf:"user_token_lifetime" bounds:"1s to 720h" help:"life of a user token of the user API"`
	// UserTokenRetention is how long the row of a user token, which records its user, stays after
	// the token expired: no less than usertoken.KeptPastTime. Every three days of it are one
	// partition, and every statement about user tokens locks each partition.
	UserTokenRetention time.Duration `koanf:"user_token_retention" bounds:"720h to 8760h" help:"how long the record of who got a user token stays past the token's time"`
	// RevokedKeyRetention is how long a revoked API key is still listed.
	RevokedKeyRetention time.Duration `koanf:"revoked_key_retention" bounds:"24h to 87600h, or 0s" help:"how long a revoked API key is still listed; 0s is for ever"`

	// KeyEncryptionKey encrypts the private keys in the database. It is required where OpenID Connect
	// is on.
	KeyEncryptionKey secret.String `koanf:"key_encryption_key" help:"encrypts the keys in the database that sign ID tokens: 32 random characters or more; required with openid; other_key_encryption_key replaces it"`
	// OtherKeyEncryptionKey opens what was encrypted under it, while KeyEncryptionKey is being replaced.
	OtherKeyEncryptionKey secret.String `koanf:"other_key_encryption_key" help:"a second key that opens the keys in the database, while key_encryption_key is replaced: they are encrypted anew under key_encryption_key; DPoP nonces are accepted under both"`
	// DPoPNonce makes proofs at the token endpoint and at the endpoint of pushed requests need a nonce.
	DPoPNonce bool `koanf:"dpop_nonce" help:"DPoP proofs at /oauth/token and /oauth/par need a nonce of this server (RFC 9449 §8), so that none can be made ahead; it needs key_encryption_key"`
	// SigningKeyLifetime is how long a key signs ID tokens; its successor is published a day before.
	SigningKeyLifetime time.Duration `koanf:"signing_key_lifetime" bounds:"72h to 8760h" help:"how long a key signs ID tokens; clients that cache the keys for a day never notice the change"`
	// EmailVerified is the claim email_verified: identity does not verify addresses itself.
	EmailVerified bool `koanf:"email_verified" help:"claim email_verified of OpenID Connect: true where you have checked the addresses of the users that you register"`

	// The following are not settings: no deployment needs other values, but tests do.

	// PlanAge is the TTL of a cached workspace plan; a plan change in the revocation log evicts it
	// earlier.
	PlanAge time.Duration `koanf:"-"`
	// WatchLifetime is how long a stream of WatchRevocations lasts. It is shorter than the grace
	// that rpcserver gives a connection that it closes for its age, so that a stream ends before
	// its connection does.
	WatchLifetime time.Duration `koanf:"-"`
}

// DefaultConfig holds the documented lifetimes (docs/wire-contract.md §3) and strict reuse
// detection.
func DefaultConfig() Config {
	return Config{
		AccessTokenLifetime:  time.Hour,
		ServiceTokenLifetime: time.Hour,
		RefreshTokenLifetime: 30 * 24 * time.Hour,
		FamilyLifetime:       365 * 24 * time.Hour,
		UserTokenLifetime:    24 * time.Hour,
		UserTokenRetention:   usertoken.KeptPastTime,
		RevokedKeyRetention:  365 * 24 * time.Hour,
		PlanAge:              5 * time.Second,
		RefreshLimit:         60,
		RefreshWindow:        10 * time.Minute,
		GrantLimit:           100,
		SigningKeyLifetime:   90 * 24 * time.Hour,

		IntrospectionCacheSize: 100_000,
		HeartbeatInterval:      250 * time.Millisecond,
		WatchLifetime:          2 * time.Minute,
	}
}

// Validate returns one error that names every setting that is out of bounds.
func (c Config) Validate() error {
	return errors.Join(config.OutOfBounds(&c), c.lifetimes().Validate(), c.validateKey())
}

func (c Config) refreshLimit() ratelimit.Budget {
	return ratelimit.Budget{Limit: c.RefreshLimit, Window: c.RefreshWindow}
}

func (c Config) retention() store.Retention {
	return store.Retention{UserTokens: c.UserTokenRetention, RevokedKeys: c.RevokedKeyRetention}
}

func (c Config) lifetimes() grant.Lifetimes {
	return grant.Lifetimes{
		Access: c.AccessTokenLifetime, Refresh: c.RefreshTokenLifetime,
		Family: c.FamilyLifetime, RetryWindow: c.RefreshRetryWindow, User: c.UserTokenLifetime, Service: c.ServiceTokenLifetime,
	}
}

// grantLifetimes returns what the pages say about the lifetimes.
func (c Config) grantLifetimes() oauth.GrantLifetimes {
	return oauth.GrantLifetimes{Refresh: c.RefreshTokenLifetime, Family: c.FamilyLifetime}
}

// minKey is the minimum length of KeyEncryptionKey, in bytes.
const minKey = 32

// validateKey refuses a key that is too short to be random.
func (c Config) validateKey() error {
	for _, key := range []secret.String{c.KeyEncryptionKey, c.OtherKeyEncryptionKey} {
		if n := len(key.Reveal()); n == 0 || n >= minKey {
			continue
		}
		return fmt.Errorf("key_encryption_key and other_key_encryption_key must have %d characters at least, such as those of: openssl rand -base64 32", minKey)
	}
	return nil
}
