// Package storetest holds every engine of the store of people to the store's contract: what is kept (CRUD), what is written
// whole or not at all (atomicity), what happens when many start at once (contention), and what goes in time (housekeeping). Its Fake
// is the real store on a temporary SQLite file with a queue of errors.
package storetest
