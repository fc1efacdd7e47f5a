// Package storetest checks the client registry's store contract on every engine: reads and writes
// (CRUD), what is atomic (atomicity), concurrent writes (contention), and what the cleanup deletes
// (cleanup). Its Fake is the real store on a temporary SQLite file with a queue of errors.
package storetest
