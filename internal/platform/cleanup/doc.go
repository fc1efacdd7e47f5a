// Package cleanup deletes expired and revoked rows, so that no table grows without bound and no
// request waits for the deletion. One replica of a service does it at a time, elected by an
// advisory lock (sqldb.LeaderLock), in slices of rows along the primary key.
//
// It owns the schedule, the election and the walk through a table. The service decides which rows
// are dead, by the database's clock.
package cleanup
