package page

import "time"

// timestamp formats a time for the datetime attribute.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// daysBetween returns the number of midnights (UTC) between two times.
func daysBetween(from, to time.Time) int {
	return int(to.UTC().Truncate(24*time.Hour).Sub(from.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
}
