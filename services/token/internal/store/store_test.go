package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/token/internal/store/storetest"
)

func TestStoreCRUD(t *testing.T)       { storetest.CRUD(t) }
func TestN10_StoreOpenID(t *testing.T) { storetest.OpenID(t) }
func TestN11_StoreLogout(t *testing.T) { storetest.Logout(t) }
func TestStoreKeys(t *testing.T)       { storetest.Keys(t) }
func TestStoreResources(t *testing.T)  { storetest.Resources(t) }
func TestStoreAtomicity(t *testing.T)  { storetest.Atomicity(t) }
func TestStoreCleanup(t *testing.T)    { storetest.Cleanup(t) }
func TestStoreAPIKeys(t *testing.T)    { storetest.APIKeys(t) }
func TestWorkspaces(t *testing.T)      { storetest.Workspaces(t) }
func TestEvents(t *testing.T)          { storetest.Events(t) }
func TestStoreFollowing(t *testing.T)  { storetest.Following(t) }
func TestN8ServiceTokens(t *testing.T) { storetest.Service(t) }
func TestExplanations(t *testing.T)    { storetest.Explanations(t) }
func TestGranted(t *testing.T)         { storetest.Granted(t) }
func TestN5Installations(t *testing.T) { storetest.Installations(t) }

// BenchmarkWaits reports the longest wait for a lock of cleanup, which deletes 600,000 rows
// meanwhile:
//
//	scripts/with-deps.sh --durable go test -run - -bench Waits -benchtime 1x ./services/token/internal/store
func BenchmarkWaits(b *testing.B) {
	for b.Loop() {
		w := storetest.Waits(b)
		b.ReportMetric(w.Longest.Seconds()*1000, "longest-wait-ms")
		b.ReportMetric(float64(w.Looks), "looks")
		b.ReportMetric(w.Alone.Seconds()*1000, "p999-alone-ms")
		b.ReportMetric(w.Beside.Seconds()*1000, "p999-beside-ms")
		b.ReportMetric(w.Run.Seconds()*1000, "longest-run-ms")
		b.ReportMetric(float64(w.Removed), "rows-removed")
	}
}

// TestFault_C11_WhatAnOperationWouldEndIsCounted at a cost that does not depend on how much it is.
func TestFault_C11_WhatAnOperationWouldEndIsCounted(t *testing.T) { storetest.Counts(t) }

// TestFault_E4_GrantsAndRefreshesAreBounded: one user with a public client refreshed 1,465 times a
// second, and approved grants without a limit.
func TestFault_E4_GrantsAndRefreshesAreBounded(t *testing.T) { storetest.Limits(t) }

// TestN11_ALogoutOfABrowserCostsTheSameAfterAnyNumber of sessions of its user.
func TestN11_ALogoutOfABrowserCostsTheSameAfterAnyNumber(t *testing.T) { storetest.LogoutOfBrowser(t) }

// TestN11_StoreLogoutCostsTheSameAfterAnyNumber of deliveries.
func TestN11_StoreLogoutCostsTheSameAfterAnyNumber(t *testing.T) { storetest.LogoutOfMany(t) }

// TestN11_AClaimCostsTheSameHoweverManyAreDue: sending n logout tokens cost n times the backlog.
func TestN11_AClaimCostsTheSameHoweverManyAreDue(t *testing.T) { storetest.LogoutBacklog(t) }
