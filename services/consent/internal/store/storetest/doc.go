// Package storetest holds every engine of the record of consents to the store's contract: what is kept (CRUD), what is
// decided in one step (atomicity), and what happens when many decide at once (contention).
package storetest
