// Package attempt bounds how often somebody may try to prove who they are: one budget an account, whichever the door and
// however its address is spelled, and one a source address.
//
// An attempt is counted before it is checked, by one atomic operation of the short-lived store that replicas share, so that
// a burst in parallel is counted like a queue. One that proves right, or that an outage kept from being checked, is given
// back; one that proves wrong stays counted until its window ends. So a source gains nothing by signing in to an account of
// its own in between, and those who share a source are not counted for being many. An address that is nobody's has a budget
// like any other.
//
// Windows are fixed and begin at a different moment for each account and source: twice the attempts are possible around the
// end of one, and no more than that in any two. A stranger can keep a person out for the rest of a window at most, and must
// go on trying to do it again; a browser that is signed in stays so. Without the short-lived store nothing is checked at
// all: the answer is its error.
//
// It owns the budgets. It never decides whether an attempt is right, and keeps no address: package ratelimit counts under hashes.
package attempt
