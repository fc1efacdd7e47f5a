// Package storetest checks the client registry's store contract on every engine: what is stored
// (CRUD), what is atomic (atomicity), concurrent writes (contention), and what the cleanup deletes
// (housekeeping). Its Fake is the real store on a temporary SQLite file with a queue of errors.
package storetest
