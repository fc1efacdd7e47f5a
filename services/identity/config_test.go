package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/services/identity"
)

func TestTheDefaultConfigurationIsValid(t *testing.T) {
	c := identity.DefaultConfig()
	if err := c.Validate(); err != nil || c.SessionLifetime != 12*time.Hour || c.PasswordConcurrency != 2 {
		t.Errorf("%+v: %v", c, err)
	}
}

func TestABadConfigurationNamesTheKey(t *testing.T) {
	for name, change := range map[string]func(*identity.Config){
		"session_lifetime":     func(c *identity.Config) { c.SessionLifetime = time.Minute - 1 },
		"720h":                 func(c *identity.Config) { c.SessionLifetime = 720*time.Hour + 1 },
		"password_concurrency": func(c *identity.Config) { c.PasswordConcurrency = 0 },
		"and 64":               func(c *identity.Config) { c.PasswordConcurrency = 65 },
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
