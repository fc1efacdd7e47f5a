// Package storetest holds every engine of the record of consents to the store's contract: what is
// kept (CRUD), what is decided in one step (atomicity), what happens when many decide at once
// (contention), and what goes in time (housekeeping).
package storetest
