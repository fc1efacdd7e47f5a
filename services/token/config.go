package token

import (
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/plan"
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
	// PlanAge is how long a workspace's plan is remembered, when no change of it is heard of.
	PlanAge time.Duration `koanf:"plan_age" help:"how long a workspace's plan is remembered, 0s to 1m; a change that is heard of counts at once"`
	// EnvoyKeepAuthorization leaves the bearer to what lies behind Envoy.
	EnvoyKeepAuthorization bool `koanf:"envoy_keep_authorization" help:"Envoy passes the Authorization header on; by default it ends at the door"`
}

// DefaultConfig holds the documented lifetimes (the wire contract, §3) and strict reuse detection.
func DefaultConfig() Config {
	return Config{
		AccessTokenLifetime:  time.Hour,
		RefreshTokenLifetime: 30 * 24 * time.Hour,
		FamilyLifetime:       365 * 24 * time.Hour,
		PlanAge:              5 * time.Second,
	}
}

// Validate reports a duration that is out of bounds.
func (c Config) Validate() error {
	if !plan.ValidAge(c.PlanAge) {
		return fmt.Errorf("plan_age is %s: give a duration from 0s to 1m", c.PlanAge)
	}
	return c.lifetimes().Validate()
}

func (c Config) lifetimes() grant.Lifetimes {
	return grant.Lifetimes{
		Access: c.AccessTokenLifetime, Refresh: c.RefreshTokenLifetime,
		Family: c.FamilyLifetime, RetryWindow: c.RefreshRetryWindow,
	}
}
