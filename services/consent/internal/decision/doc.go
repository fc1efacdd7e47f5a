// Package decision is the consent screen and what the person answers to it.
//
// It owns who may see and decide a pending authorization, what the screen shows, and the order in
// which an approval is checked, recorded and completed. It never mints a code, never redirects a
// browser and never remembers an approval so as to skip a later screen.
package decision
