// Package storetest verifies the contract of the consent store on every engine: CRUD, atomicity,
// contention of concurrent decisions, and cleanup.
package storetest
