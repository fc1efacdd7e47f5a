package page

import "time"

// timestamp formats a time for the datetime attribute.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// daysBetween returns the number of midnights between two times, in the location of the second.
func daysBetween(from, to time.Time) int {
	return int(day(to).Sub(day(from.In(to.Location()))) / (24 * time.Hour))
}

// day returns a time's date as midnight in UTC, where every day has 24 hours.
func day(t time.Time) time.Time {
	year, month, d := t.Date()
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// hour returns the hour and the minute of a time in its location.
func hour(t time.Time) string { return t.Format("15:04") }

// clock returns the hour, the minute and the second of a time in its location.
func clock(t time.Time) string { return t.Format("15:04:05") }
