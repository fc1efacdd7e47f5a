// Package outages tests what restarts, stores that are away and rotated secrets leave standing. Every
// test has a deployment of its own.
package outages

import (
	"os"
	"testing"

	"github.com/vidocu/usher/test/fleet"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(fleet.RunWithoutShapes(m, func(f *fleet.Fleet) { shared = f })) }
