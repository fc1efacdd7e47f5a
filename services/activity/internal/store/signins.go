package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// The kinds of the events that trail.Filter.SignInsByHour makes one of an hour. A failed one has the wrong
// passwords of some seconds. Budgets of an account bound both.
const (
	signInFailed = "user.sign_in_failed"
	tokenIssued  = "user_token.issued"
)

// hour is in microseconds, the unit of stored times.
const hour = int64(time.Hour / time.Microsecond)

// firstOfHour is the condition that an event is neither a failed sign-in nor one of a program, or the first
// one in an hour: of its user, or of the program from that place. Its place in the list does not change when
// others follow. One look-up in the index of users for each.
func firstOfHour(q *query, f trail.Filter) string {
	within := ""
	if !f.Start.IsZero() {
		within = " AND x.at >= " + q.arg(f.Start.UnixMicro())
	}
	return fmt.Sprintf(` AND (e.kind NOT IN ('%[1]s', '%[4]s') OR NOT EXISTS (
    SELECT 1 FROM audit_events x WHERE x.user_id <> '' AND x.user_id = e.user_id AND x.kind = e.kind
        AND (x.kind = '%[1]s' OR x.client_id = e.client_id AND x.details = e.details)
        AND x.at >= e.at - e.at %% %[2]d AND x.at <= e.at AND (x.at, x.source, x.source_cursor) < (e.at, e.source, e.source_cursor)%[3]s))`,
		signInFailed, hour, within, tokenIssued)
}

// sumFailures adds the failed sign-ins of each hour to the one that is listed. Between the first and
// the last listed one of a page, every hour that has some is listed.
func (s *Store) sumFailures(ctx context.Context, f trail.Filter, list []trail.Event) error {
	listed := map[int64]*trail.Event{}
	var first, end int64
	for i, e := range list {
		if e.Kind != signInFailed {
			continue
		}
		first = e.At.UnixMicro() // the latest event is the first of the list
		began := first - first%hour
		listed[began], end = &list[i], max(end, began+hour)
	}
	if len(listed) == 0 {
		return nil
	}
	if !f.End.IsZero() {
		end = min(end, f.End.UnixMicro())
	}
	sums := map[int64]int64{}
	read := sqldb.Read("counting failed sign-ins", s.text.failures, f.UserID, signInFailed, first, end)
	err := sqldb.Each(ctx, s.db, read, func(row sqldb.Row) error {
		var at int64
		var details string
		err := row.Scan(&at, &details)
		sums[at-at%hour] += failedCount(details)
		return err
	})
	for began, e := range listed {
		e.Details = map[string]string{countDetail: strconv.FormatInt(sums[began], 10)}
	}
	return err
}

// countDetail is the detail with the number of wrong passwords.
const countDetail = "count"

func failedCount(details string) int64 {
	var facts map[string]string
	if err := json.Unmarshal([]byte(details), &facts); err != nil {
		return 1
	}
	count, err := strconv.ParseInt(facts[countDetail], 10, 64)
	if err != nil {
		return 1
	}
	return count
}
