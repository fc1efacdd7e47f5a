package page

import (
	"fmt"
	"time"
)

// displayTime formats a time for users, timestamp for the datetime attribute.
func displayTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") + " UTC" }

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// minutesFrom is the wait from which on TryAgain counts in minutes.
const minutesFrom = 2 * time.Minute

// TryAgain returns the sentence with the time of the next attempt: the hour and the minute in UTC,
// rounded up, and how long that is from now.
func TryAgain(now, at time.Time) string {
	wait := at.Sub(now)
	if wait <= 0 {
		return "Try again now."
	}
	minute := at.UTC().Truncate(time.Minute)
	if minute.Before(at) {
		minute = minute.Add(time.Minute)
	}
	return fmt.Sprintf("Try again at %s UTC (in %s).", minute.Format("15:04"), displayDuration(wait))
}

// displayDuration formats a duration in whole seconds or, from two minutes on, whole minutes,
// rounded up.
func displayDuration(d time.Duration) string {
	if d < minutesFrom {
		return plural(int64((d+time.Second-1)/time.Second), "second")
	}
	return plural(int64((d+time.Minute-1)/time.Minute), "minute")
}

func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// daysBetween returns the number of midnights (UTC) between two times.
func daysBetween(from, to time.Time) int {
	return int(to.UTC().Truncate(24*time.Hour).Sub(from.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
}
