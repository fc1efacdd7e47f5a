// Package password hashes passwords with argon2id and verifies them (RFC 9106), a limited number
// concurrently.
//
// It owns the cost of a verification, the strict format of the strings, and the equal work for
// accounts that do not exist, so that response times do not reveal which accounts exist. It stores
// nothing.
package password
