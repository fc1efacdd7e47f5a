// Package store persists the request log and the audit trail.
//
// The contract, which storetest verifies on both engines:
//
//   - Requests of one client and day are recorded by one transaction at a time, which sees the rows
//     of every earlier one: so the most rows of a day hold, also among replicas.
//   - Events are stored in the transaction that moves the cursor of their feed, and only from the
//     cursor that the caller read: none is lost, and none is stored twice.
//   - A list is in a total order, so that its pages have each row once.
//   - Rows older than their retention are deleted, and no others: on PostgreSQL with the partition
//     of their day, on SQLite in slices.
//
// It owns the SQL, the migrations and the partitions. It never decides who may read.
package store
