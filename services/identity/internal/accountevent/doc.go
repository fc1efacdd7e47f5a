// Package accountevent defines what is recorded about an account for its user to read: sign-ins,
// failed ones, and changes of the password.
//
// It owns the kinds of events, and counts failed sign-ins in memory until they are written. It
// never stores a password, a whole address or a token, and never delays a sign-in: writing a failed
// one at once would tell by its time whether the account exists.
package accountevent
