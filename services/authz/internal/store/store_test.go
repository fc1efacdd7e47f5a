package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/authz/internal/store/storetest"
)

func TestStoreCleanup(t *testing.T)    { storetest.Cleanup(t) }
func TestStoreCRUD(t *testing.T)       { storetest.CRUD(t) }
func TestStoreAtomicity(t *testing.T)  { storetest.Atomicity(t) }
func TestStoreContention(t *testing.T) { storetest.Contention(t) }
func TestStoreLease(t *testing.T)      { storetest.Lease(t) }
func TestStoreDynamic(t *testing.T)    { storetest.Dynamic(t) }
func TestStoreOwnership(t *testing.T)  { storetest.Ownership(t) }
func TestStorePeople(t *testing.T)     { storetest.People(t) }
func TestStoreKeys(t *testing.T)       { storetest.Keys(t) }
func TestStoreScopes(t *testing.T)     { storetest.Scopes(t) }

// TestN7_8_AMillionRegistrationsCostNoMore: strangers register, so that no operation may read a whole
// table.
func TestN7_8_AMillionRegistrationsCostNoMore(t *testing.T) { storetest.Million(t) }
