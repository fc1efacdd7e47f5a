// Package authztest has the fixtures of several packages' tests: a short-lived store that never
// evicts, a clock that tests advance, clients, and their authorization requests. Only tests import
// it. It decides nothing about what a test expects.
package authztest
