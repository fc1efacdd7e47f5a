// Package attempt rate-limits authentication attempts, with one budget per account, for all methods
// and all spellings of its address, and one budget per source address.
//
// An attempt is counted before it is checked, by one atomic operation of the short-lived store that
// all replicas share, so that concurrent attempts are counted like sequential ones. A successful
// attempt, or one that an outage kept from being checked, is refunded; a failed one stays counted
// until its window ends. So a source cannot reset its budget by signing in to an account of its
// own, and many users behind one source are not limited for being many. An unknown address has a
// budget like any other. A successful sign-in leaves a session or a user token and events behind, so
// that a budget of its own bounds those of each account.
//
// Windows are fixed and start at a different time for each account and source: twice the attempts
// are possible around the end of a window, and no more than that in any two windows. A stranger can
// lock an account until its window ends, and has to continue to lock it again; a signed-in browser
// stays signed in. If the short-lived store is unavailable, nothing is checked and its error is
// returned.
//
// The package owns the budgets. It verifies no credentials and stores no address: package ratelimit
// stores hashes.
package attempt
