// Package pages tests the pages that people see, from the outside and without a script: signing in, the
// consent page and its decision, and the account. Each test runs against both shapes.
package pages

import (
	"os"
	"testing"

	"github.com/vidocu/usher/test/fleet"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(fleet.Run(m, func(f *fleet.Fleet) { shared = f })) }
