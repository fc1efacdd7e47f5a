// Package clients tests each way in which a client comes to Usher, from the outside: by keys, by a
// document, by registration, as a service, on a device, and from a manifest.
package clients

import (
	"os"
	"testing"

	"github.com/vidocu/usher/test/fleet"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(fleet.Run(m, func(f *fleet.Fleet) { shared = f })) }
