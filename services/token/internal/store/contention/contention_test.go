// Package contention runs the races of the token store's suite. It stands apart from the other
// tests of the store because it takes as long as all of them together, so that they run side by
// side.
package contention

import (
	"testing"

	"github.com/vidocu/usher/services/token/internal/store/storetest"
)

func TestStoreContention(t *testing.T) { storetest.Contention(t) }
