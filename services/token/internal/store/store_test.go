package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/token/internal/store/storetest"
)

func TestStoreCRUD(t *testing.T)         { storetest.CRUD(t) }
func TestStoreAtomicity(t *testing.T)    { storetest.Atomicity(t) }
func TestStoreHousekeeping(t *testing.T) { storetest.Housekeeping(t) }
func TestStoreContention(t *testing.T)   { storetest.Contention(t) }
func TestStoreAPIKeys(t *testing.T)      { storetest.APIKeys(t) }
func TestStoreFollowing(t *testing.T)    { storetest.Following(t) }
func TestUserTokens(t *testing.T)        { storetest.UserTokens(t) }
func TestEndings(t *testing.T)           { storetest.Endings(t) }
