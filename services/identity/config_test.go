package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/services/identity"
)

func TestTheDefaultConfigurationIsValid(t *testing.T) {
	c := identity.DefaultConfig()
	if err := c.Validate(); err != nil || c.SessionLifetime != 12*time.Hour || c.PasswordConcurrency != 0 ||
		c.AccountAttempts != 10 || c.AccountSignIns != 300 || c.AccountWindow != 15*time.Minute || c.SourceAttempts != 100 || c.SourceWindow != 15*time.Minute {
		t.Errorf("%+v: %v", c, err)
	}
}

func TestABadConfigurationNamesTheKey(t *testing.T) {
	for name, change := range map[string]func(*identity.Config){
		"session_lifetime":     func(c *identity.Config) { c.SessionLifetime = time.Minute - 1 },
		"720h":                 func(c *identity.Config) { c.SessionLifetime = 720*time.Hour + 1 },
		"password_concurrency": func(c *identity.Config) { c.PasswordConcurrency = -1 },
		"password_waiting":     func(c *identity.Config) { c.PasswordWaiting = -1 },
		"to 4096":              func(c *identity.Config) { c.PasswordWaiting = 4097 },
		"account_attempts":     func(c *identity.Config) { c.AccountAttempts = 0 },
		"account_window":       func(c *identity.Config) { c.AccountWindow = time.Minute - 1 },
		"account_sign_ins":     func(c *identity.Config) { c.AccountSignIns = -1 },
		"source_attempts":      func(c *identity.Config) { c.SourceAttempts = 100_001 },
		"source_window":        func(c *identity.Config) { c.SourceWindow = 24*time.Hour + 1 },
		"to 64":                func(c *identity.Config) { c.PasswordConcurrency = 65 },
	} {
		c := identity.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := identity.New(c, identity.Deps{}); err == nil {
			t.Errorf("%s: the service was built", name)
		}
	}
}
