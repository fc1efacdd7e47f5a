// Package accountevent defines what is recorded about an account for its user to read: sign-ins,
// failed ones, and changes of the password.
//
// It owns the kinds of events. It never stores a password, a whole address or a token. Failed sign-ins
// are counted in memory until they are written: writing one at once would delay its response, whose
// time would reveal whether the account exists.
package accountevent
