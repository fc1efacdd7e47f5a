// Package decision is the consent screen and the user's decision on it.
//
// It owns which user may see and decide a pending authorization, what the screen shows, and the
// order in which an approval is checked, completed and recorded. It never issues a code, never
// redirects a browser and never skips a consent screen because of an earlier approval.
package decision
