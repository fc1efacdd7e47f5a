// Package openid tests OpenID Connect from the outside, against the all-in-one and against separate processes
// on PostgreSQL and Redis. Its tests have the names of the modules of the OpenID Foundation's conformance
// suite, and do what the module does.
package openid

import (
	"os"
	"testing"

	"github.com/vidocu/usher/test/fleet"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) {
	os.Exit(fleet.RunWith(m, map[string]string{"USHER_TOKEN_EMAIL_VERIFIED": "true"}, func(f *fleet.Fleet) { shared = f }))
}
