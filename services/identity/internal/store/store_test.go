package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/identity/internal/store/storetest"
)

func TestStoreCleanup(t *testing.T)        { storetest.Cleanup(t) }
func TestStoreCRUD(t *testing.T)           { storetest.CRUD(t) }
func TestStoreAdministration(t *testing.T) { storetest.Administration(t) }
func TestStoreVisible(t *testing.T)        { storetest.Visible(t) }
func TestStoreApps(t *testing.T)           { storetest.Apps(t) }
func TestStoreSessions(t *testing.T)       { storetest.Sessions(t) }
func TestStoreDevices(t *testing.T)        { storetest.Devices(t) }
func TestStoreOwnAccount(t *testing.T)     { storetest.OwnAccount(t) }
func TestStoreRespelling(t *testing.T)     { storetest.Respelling(t) }
func TestStoreEndings(t *testing.T)        { storetest.Endings(t) }
func TestStoreAtomicity(t *testing.T)      { storetest.Atomicity(t) }
func TestStoreContention(t *testing.T)     { storetest.Contention(t) }
