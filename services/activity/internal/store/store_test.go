package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/activity/internal/store/storetest"
)

func TestStoreRequests(t *testing.T) { storetest.Requests(t) }
func TestStoreEvents(t *testing.T)   { storetest.Events(t) }

// TestAPageOfTheTrailCostsTheSameHoweverLongItIs: a filter without an index read every event of a year.
func TestAPageOfTheTrailCostsTheSameHoweverLongItIs(t *testing.T) { storetest.Long(t) }
