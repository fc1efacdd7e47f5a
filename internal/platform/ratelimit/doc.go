// Package ratelimit bounds how often something may happen within a window: failed sign-ins of an account, failed client
// authentications of a client, authorization requests of a source address or of a user.
//
// A budget is counted by one atomic operation of the short-lived store that replicas share, so that a parallel burst is counted
// like a queue. Windows are fixed and begin at a different moment for each name: twice the limit is possible around the end of
// one, and no more than that in any two. It is the small Spend and Refund of the short-lived store and no library for rate
// limits: those that are well kept count in Redis or in memory but not behind one contract for both, bring a connection of their
// own, and cannot refund.
//
// It owns how a budget is named, counted and refunded, and the log line that says that one is exhausted. It never decides what is
// counted, and what happens without the short-lived store is its caller's decision: it gets the store's error. Only hashes name a
// budget in the store.
package ratelimit
