// Command endings measures revocation at scale, with two replicas of every service: it revokes the
// access of a user, a client and an authentication app with a million grants or user tokens each.
// It prints the duration of each revocation, the tokens that were live after it, and the latency of
// other callers while 20 callers replayed one rotated refresh token as fast as they could.
//
// It owns the rows that it inserts by SQL. It revokes only through the services' own APIs.
package main
