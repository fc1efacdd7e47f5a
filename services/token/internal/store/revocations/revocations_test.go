// Package revocations runs the tests of the token store's suite that revoke what belongs to a subject,
// and those of user tokens. It stands apart from the others because it takes as long as they do, so
// that they run side by side.
package revocations

import (
	"testing"

	"github.com/vidocu/usher/services/token/internal/store/storetest"
)

func TestUserTokens(t *testing.T) { storetest.UserTokens(t) }
func TestEndings(t *testing.T)    { storetest.Revocations(t) }

// TestFault_E1_AnEndingCostsTheSameWhateverHangsOnIt: with 900,000 grants of one user with one
// client every revocation exceeded its timeout and was rolled back.
func TestFault_E1_AnEndingCostsTheSameWhateverHangsOnIt(t *testing.T) { storetest.RevocationsOfMany(t) }

func TestFault_E1_AReplayAfterTheReuseIsOneRead(t *testing.T) { storetest.ReplaysOfMany(t) }

func TestFault_E1_RowsOfTheReleaseBeforeEndToo(t *testing.T) { storetest.Before(t) }
