// Package housekeep removes what is dead, so that no table grows for ever and nobody notices the removing: one process at a
// time does it (sqldb.Lead), a slice at a time, along the primary key.
//
// It owns the rhythm, the lead and the walk through a table. It never decides what is dead: a service says so, in the
// database's time.
package housekeep
