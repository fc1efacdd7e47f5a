package store_test

import (
	"testing"

	"github.com/vidocu/usher/services/consent/internal/store/storetest"
)

func TestStoreCleanup(t *testing.T)    { storetest.Cleanup(t) }
func TestStoreCRUD(t *testing.T)       { storetest.CRUD(t) }
func TestStoreAtomicity(t *testing.T)  { storetest.Atomicity(t) }
func TestStoreContention(t *testing.T) { storetest.Contention(t) }

// TestFault_E3_AnApprovalCostsTheSameAfterAnyNumber: each read all of today's consents of the user
// and the client.
func TestFault_E3_AnApprovalCostsTheSameAfterAnyNumber(t *testing.T) { storetest.ManyApprovals(t) }

// TestApprovalsCostTheSameSinceTheyWerePlanned: a session that planned the statement while there were few
// consents read all of those that came since.
func TestApprovalsCostTheSameSinceTheyWerePlanned(t *testing.T) { storetest.ApprovalsSincePlanned(t) }

// TestWaitingRequestsCostTheSameAfterAnyNumber of decided ones.
func TestWaitingRequestsCostTheSameAfterAnyNumber(t *testing.T) { storetest.ManyRequests(t) }

func TestPolicies(t *testing.T) { storetest.Policies(t) }

// TestPoliciesConcurrently checks limits and events of concurrent changes.
func TestPoliciesConcurrently(t *testing.T) { storetest.PolicyRaces(t) }
