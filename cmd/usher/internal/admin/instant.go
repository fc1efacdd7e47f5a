package admin

import (
	"fmt"
	"time"
)

// instant is a time on the command line: RFC 3339, or a date, which is its beginning in UTC.
type instant struct{ time.Time }

// UnmarshalText is encoding.TextUnmarshaler.
func (i *instant) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			i.Time = at
			return nil
		}
	}
	return fmt.Errorf("%q is not a time: write 2027-01-31, or 2027-01-31T08:30:00Z", text)
}
