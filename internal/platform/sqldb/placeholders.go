package sqldb

import (
	"fmt"
	"strings"
	"time"
)

// postgresPlaceholders expands the placeholders of SQL texts for PostgreSQL. statement_timestamp is
// STABLE. date_part returns a float, which is exact in microseconds until the year 2255, at a tenth
// of the cost of extract's numeric.
func postgresPlaceholders(shift string) *strings.Replacer {
	now := shifted(`(date_part('epoch', statement_timestamp()) * 1000000)::bigint`, shift)
	return strings.NewReplacer("{{now}}", now, "{{for update}}", "FOR UPDATE", "{{for share}}", "FOR SHARE",
		"{{skip locked}}", "FOR UPDATE SKIP LOCKED")
}

// sqlitePlaceholders expands the placeholders for SQLite, whose clock has milliseconds. Its seconds
// are a float: rounding to whole milliseconds first keeps them exact.
func sqlitePlaceholders(shift string) *strings.Replacer {
	now := shifted(`CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000`, shift)
	return strings.NewReplacer("{{now}}", now, "{{for update}}", "", "{{for share}}", "", "{{skip locked}}", "")
}

// offset returns the SQL term that moves a clock by a constant; empty for none.
func offset(by time.Duration) string {
	if by == 0 {
		return ""
	}
	return fmt.Sprintf(" + (%d)", by.Microseconds())
}

// shifted returns a moved clock as one operand.
func shifted(clock, shift string) string { return "(" + clock + shift + ")" }
