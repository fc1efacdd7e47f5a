// Package ratelimit limits how often an event may happen within a window: failed sign-ins of an
// account, failed client authentications of a client, authorization requests of a source address or
// of a user.
//
// A budget is counted by one atomic operation of the short-lived store that replicas share, so that
// concurrent attempts are counted like sequential ones. Windows are fixed and begin at a different
// moment for each name: twice the limit is possible around the end of one, and no more than that in
// any two. It uses Spend and Refund of the short-lived store and no library for rate limits:
// well-kept ones count in Redis or in memory but not behind one interface for both, open a
// connection of their own, and cannot refund.
//
// It owns the naming, counting and refunding of a budget, and the log line about an exhausted one.
// Its callers decide what is counted, and how to handle a store that is down: they get the store's
// error. The store sees only hashes of budgets' names.
package ratelimit
