package browser

import (
	"time"
	_ "time/tzdata" // an image without a time zone database knows the same zones as identity

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Zone returns the time zone of a name, such as Europe/Berlin; UTC for an empty or unknown one.
func Zone(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return location
}

// At returns a time in a zone; zero for an absent one.
func At(t *timestamppb.Timestamp, in *time.Location) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().In(in)
}
