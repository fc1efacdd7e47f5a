package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/services/token"
)

func TestASettingOutOfBoundsIsNamed(t *testing.T) {
	if err := token.DefaultConfig().Validate(); err != nil {
		t.Errorf("the documented lifetimes: %v", err)
	}
	for name, change := range map[string]func(*token.Config){
		"access_token_lifetime is 0s":                                             func(c *token.Config) { c.AccessTokenLifetime = 0 },
		"access_token_lifetime is 24h0m1s":                                        func(c *token.Config) { c.AccessTokenLifetime = 24*time.Hour + time.Second },
		"refresh_token_lifetime is -1s":                                           func(c *token.Config) { c.RefreshTokenLifetime = -time.Second },
		"refresh_token_lifetime is 8760h0m1s":                                     func(c *token.Config) { c.RefreshTokenLifetime = 365*24*time.Hour + time.Second },
		"family_lifetime is 999ms":                                                func(c *token.Config) { c.FamilyLifetime = 999 * time.Millisecond },
		"family_lifetime is 43800h0m1s":                                           func(c *token.Config) { c.FamilyLifetime = 5*365*24*time.Hour + time.Second },
		"refresh_retry_window is -1ns":                                            func(c *token.Config) { c.RefreshRetryWindow = -1 },
		"refresh_retry_window is 30.001s":                                         func(c *token.Config) { c.RefreshRetryWindow = 30001 * time.Millisecond },
		"revoked_key_retention is 23h: give a duration from 24h to 87600h, or 0s": func(c *token.Config) { c.RevokedKeyRetention = 23 * time.Hour },
		"introspection_cache_size is -1: give a number of 0 or more":              func(c *token.Config) { c.IntrospectionCacheSize = -1 },
	} {
		c := token.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("Validate: %v, want one that begins with %q", err, name)
		}
	}
}
