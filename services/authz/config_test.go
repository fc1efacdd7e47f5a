package authz_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/services/authz"
)

func TestWireContract3_TheDefaultsAreTheDocumentedLifetimes(t *testing.T) {
	c := authz.DefaultConfig()
	if err := c.Validate(); err != nil || c.CodeLifetime != 10*time.Minute || c.PromptLifetime != 30*time.Minute {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestLifetimesHaveBounds(t *testing.T) {
	for _, row := range []struct {
		name         string
		code, prompt time.Duration
		fault        string // "" is none
	}{
		{"the shortest", time.Second, time.Minute, ""},
		{"the longest", 10 * time.Minute, 24 * time.Hour, ""},
		{"no code", 0, time.Hour, "code_lifetime"},
		{"a code of less than a second", time.Second - 1, time.Hour, "code_lifetime"},
		{"a code for longer than RFC 6749 recommends", 10*time.Minute + 1, time.Hour, "code_lifetime"},
		{"a code of a negative life", -time.Minute, time.Hour, "code_lifetime"},
		{"no prompt", time.Minute, 0, "prompt_lifetime"},
		{"a prompt too short to read", time.Minute, time.Minute - 1, "prompt_lifetime"},
		{"a prompt for days", time.Minute, 24*time.Hour + 1, "prompt_lifetime"},
	} {
		t.Run(row.name, func(t *testing.T) {
			config := authz.DefaultConfig()
			config.CodeLifetime, config.PromptLifetime = row.code, row.prompt
			err := config.Validate()
			if (err != nil) != (row.fault != "") || err != nil && !strings.Contains(err.Error(), row.fault) {
				t.Errorf("%v, want a fault of %q", err, row.fault)
			}
			if row.fault == "" {
				return
			}
			if service, err := authz.New(config, authz.Deps{}); err == nil || service != nil {
				t.Error("a service is built from it")
			}
		})
	}
}
