// Package lease lets each replica of a service use what it has in memory, while every request sees
// all changes that returned before it (docs/adr/0008-cache-with-a-lease.md). The rows have a version
// in the database that every change raises. A replica uses what it read at a version as long as it
// read that version again within Trust, and a change returns no sooner than Wait after its commit.
//
// It owns the two durations, the reading of a version and a cache of values of one version. It does
// not know what the values are, nor how a change raises the version.
package lease
