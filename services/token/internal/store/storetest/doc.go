// Package storetest holds every engine of the token store to the store's contract: what is kept
// (CRUD), what is decided in one step (atomicity), what happens when many decide at once
// (contention), and that nothing grows for ever (housekeeping).
package storetest
