package browser

import "time"

// Zone returns a user's time zone; UTC where there is none, or one that this release does not know.
func Zone(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return location
}
