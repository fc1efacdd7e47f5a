package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/activity/internal/store/storetest"
)

func TestStoreRequests(t *testing.T) { storetest.Requests(t) }
func TestStoreEvents(t *testing.T)   { storetest.Events(t) }

// TestAPageOfTheTrailCostsTheSameHoweverLongItIs: a filter without an index read every event of a year.
func TestAPageOfTheTrailCostsTheSameHoweverLongItIs(t *testing.T) { storetest.Long(t) }

// TestAPageOfAUserWhosePasswordIsTriedReadsItsHours, and not the history.
func TestAPageOfAUserWhosePasswordIsTriedReadsItsHours(t *testing.T) { storetest.Flooded(t) }

// TestAListAndARestoreFitInTheLockTable: a list locked every day of the trail with its seven indexes, and a
// year of days could not be restored.
func TestAListAndARestoreFitInTheLockTable(t *testing.T) { storetest.Locks(t) }

func TestTheDaysOfEarlierDatabasesAreMerged(t *testing.T) { storetest.Merged(t) }
