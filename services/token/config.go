package token

import (
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Config is the section `token` of the configuration.
type Config struct {
	// DatabaseURL is where credentials are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" help:"database of the token service: postgres://… or sqlite:<path>"`
	// AccessTokenLifetime is the life of an access token.
	AccessTokenLifetime time.Duration `koanf:"access_token_lifetime" help:"life of an access token, 1s to 24h"`
	// RefreshTokenLifetime is the life of a refresh token from its issue.
	RefreshTokenLifetime time.Duration `koanf:"refresh_token_lifetime" help:"life of a refresh token from its issue, 1s to 8760h"`
	// FamilyLifetime is the life of all that comes of one authorization.
	FamilyLifetime time.Duration `koanf:"family_lifetime" help:"life of everything that came of one authorization, however often refreshed"`
	// RefreshRetryWindow is how long the same client gets the same successor of a refresh token again.
	RefreshRetryWindow time.Duration `koanf:"refresh_retry_window" help:"how long a repeated refresh answers the same successor, 0s (strict) to 30s"`
	// UserTokenLifetime is the life of a user token of VIDIZMO's API.
	UserTokenLifetime time.Duration `koanf:"user_token_lifetime" help:"life of a user token of the user API, 1s to 720h"`
}

// DefaultConfig holds the documented lifetimes (the wire contract, §3) and strict reuse detection.
func DefaultConfig() Config {
	return Config{
		AccessTokenLifetime:  time.Hour,
		RefreshTokenLifetime: 30 * 24 * time.Hour,
		FamilyLifetime:       365 * 24 * time.Hour,
		UserTokenLifetime:    24 * time.Hour,
	}
}

// Validate reports a lifetime that is out of bounds.
func (c Config) Validate() error {
	if c.UserTokenLifetime < time.Second || c.UserTokenLifetime > maxUserToken {
		return fmt.Errorf("user_token_lifetime is %s: give a duration from 1s to %s", c.UserTokenLifetime, maxUserToken)
	}
	return c.lifetimes().Validate()
}

// maxUserToken keeps a typing error from becoming a token that never expires.
const maxUserToken = 30 * 24 * time.Hour

func (c Config) lifetimes() grant.Lifetimes {
	return grant.Lifetimes{
		Access: c.AccessTokenLifetime, Refresh: c.RefreshTokenLifetime,
		Family: c.FamilyLifetime, RetryWindow: c.RefreshRetryWindow, User: c.UserTokenLifetime,
	}
}
