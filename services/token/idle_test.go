package token_test

import (
	"testing"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token"
)

// TestN1_9_ARefreshTokenThatIsIdleForThirtyDaysEnds (RFC 9700 §4.14.2): each refresh begins thirty days
// of its own, until the token family is a year old. An idle token that comes too late is no reuse: the
// user's other tokens stay.
func TestN1_9_ARefreshTokenThatIsIdleForThirtyDaysEnds(t *testing.T) {
	database := sqldbtest.Migrated(t, sqldb.SQLite, token.Migrations())
	after := func(passed time.Duration) bench {
		db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(database), ClockOffset: passed})
		return newReplicaWith(t, token.DefaultConfig(), db, catalog.Default())
	}
	const day = 24 * time.Hour
	start := after(0)
	idle, used := start.mustRedeem(t, "code-1").GetRefreshToken(), start.mustRedeem(t, "code-2").GetRefreshToken()
	used = after(30*day-time.Hour).mustRefresh(t, used).GetRefreshToken()
	late := after(30*day + time.Minute)
	_, err := late.refresh(t.Context(), idle)
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	for passed := 59 * day; passed < 365*day; passed += 29 * day {
		used = after(passed).mustRefresh(t, used).GetRefreshToken()
	}
	_, err = after(365*day+time.Minute).refresh(t.Context(), used)
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
}
