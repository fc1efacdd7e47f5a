package sqldb

import (
	"fmt"
	"time"
)

// instant is the destination of a column of microseconds since 1970.
type instant struct{ time *time.Time }

// Time returns the destination of a column of microseconds since 1970; NULL is the zero time.
func Time(t *time.Time) any { return instant{t} }

// Scan implements sql.Scanner, which both drivers call.
func (i instant) Scan(column any) error {
	switch v := column.(type) {
	case nil:
		*i.time = time.Time{}
	case int64:
		*i.time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time is a %T", column)
	}
	return nil
}
