// Package fapi does what the modules of the OpenID Foundation's conformance suite for the FAPI 2.0
// Security Profile do, with plain OAuth, private_key_jwt and DPoP: against the all-in-one and against
// separate processes on PostgreSQL and Redis, through HTTP and gRPC only. Each test that begins with
// TestFAPI2 has the name of its module.
package fapi

import (
	"os"
	"testing"

	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(fleet.Run(m, func(f *fleet.Fleet) { shared = f })) }

// wantError checks an error response in the format of RFC 6749 §5.2.
func wantError(t *testing.T, what string, a harness.Response, status int, code string) {
	t.Helper()
	if a.Status != status || a.Text("error") != code {
		t.Errorf("%s: %d %s, want %d %s", what, a.Status, a.Raw, status, code)
	}
}
