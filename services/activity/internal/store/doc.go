// Package store persists the request log and the audit trail.
//
// The contract, which storetest verifies on both engines:
//
//   - Requests of one client and day are recorded by one transaction at a time, which sees the rows
//     of every earlier one: so the most rows of a day hold, also among replicas.
//   - Events are stored in the transaction that moves the cursor of their feed, and only from the
//     cursor that the caller read: none is lost, and none is stored twice.
//   - A list is in a total order, so that its pages have each row once.
//   - Rows older than their retention are deleted, and no others: on SQLite in slices, on PostgreSQL
//     with their partition, which has a sixteenth of the retention and is deleted when all of it is old.
//   - The locks of a list, and those of a restore, do not grow with the retention.
//
// It owns the SQL, the migrations and the partitions. It never decides who may read.
package store
