package token_test

import (
	"slices"
	"testing"

	"github.com/vidocu/usher/services/token"
)

// TestAuthzRecordsTheScopesOfClients that get tokens for themselves, once a day and when the process ends.
func TestAuthzRecordsTheScopesOfClients(t *testing.T) {
	var authz *authorizations
	t.Run("a process", func(t *testing.T) {
		b := newBench(t, token.DefaultConfig())
		authz = b.authz
		for range 3 {
			if _, err := b.issueToRobot(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
	if want := []string{"robot videos:read export:write"}; !slices.Equal(authz.recorded, want) {
		t.Errorf("authz has recorded %q, want %q", authz.recorded, want)
	}
}
