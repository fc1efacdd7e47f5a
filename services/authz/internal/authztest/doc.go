// Package authztest owns what several packages' tests stand on: a short-lived store that lets nothing expire, a clock that is
// moved by hand, apps to ask for and the queries that ask. It is imported by tests alone and never decides what a test
// should expect.
package authztest
