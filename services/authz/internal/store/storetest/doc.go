// Package storetest holds every engine of the app registry to the store's contract: what is kept (CRUD), what is decided in
// one step (atomicity), what happens when many decide at once (contention), and what goes in time (housekeeping). Its Fake is the
// real store on a temporary SQLite file with a queue of errors.
package storetest
