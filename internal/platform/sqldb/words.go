package sqldb

import (
	"fmt"
	"strings"
	"time"
)

// postgresWords expands SQL texts for PostgreSQL. statement_timestamp is STABLE. date_part gives a float, which holds
// microseconds until the year 2255, at a tenth of what extract's numeric costs.
func postgresWords(offset time.Duration) *strings.Replacer {
	now := shifted(`(date_part('epoch', statement_timestamp()) * 1000000)::bigint`, offset)
	return strings.NewReplacer("{{now}}", now, "{{for update}}", "FOR UPDATE", "{{for share}}", "FOR SHARE",
		"{{skip locked}}", "FOR UPDATE SKIP LOCKED")
}

// sqliteWords expands SQL texts for SQLite, whose clock has milliseconds. Its seconds are a float: rounding to whole
// milliseconds first keeps them exact.
func sqliteWords(offset time.Duration) *strings.Replacer {
	now := shifted(`CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000`, offset)
	return strings.NewReplacer("{{now}}", now, "{{for update}}", "", "{{for share}}", "", "{{skip locked}}", "")
}

// shifted moves a clock and keeps it one operand.
func shifted(clock string, offset time.Duration) string {
	if offset == 0 {
		return "(" + clock + ")"
	}
	return fmt.Sprintf("(%s + (%d))", clock, offset.Microseconds())
}
