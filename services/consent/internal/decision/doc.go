// Package decision is the consent screen and the user's decision on it.
//
// It owns which user may see and decide a pending authorization, what the screen shows, and the
// order in which an approval is checked, completed and recorded. An earlier approval replaces the
// consent screen for a request with prompt=none alone, which may show no page (silent.go): its whole
// scope was approved before, and not revoked. The package never issues a code and never redirects a
// browser.
package decision
