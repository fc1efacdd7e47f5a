package convert

import (
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Seconds returns a lifetime as messages have it.
func Seconds(d time.Duration) int64 { return int64(d / time.Second) }

// GrantLifetimes returns the lifetimes of a message, in seconds. Release 0.1 sends none.
func GrantLifetimes(refresh, family int64) oauth.GrantLifetimes {
	return oauth.GrantLifetimes{Refresh: time.Duration(refresh) * time.Second, Family: time.Duration(family) * time.Second}
}
