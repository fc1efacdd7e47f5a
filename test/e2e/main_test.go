// Package e2e tests Usher's contract from the outside: every test runs against the all-in-one and
// against separate processes, through HTTP and gRPC only.
package e2e

import (
	"os"
	"testing"

	"github.com/vidocu/usher/test/fleet"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(fleet.Run(m, func(f *fleet.Fleet) { shared = f })) }
