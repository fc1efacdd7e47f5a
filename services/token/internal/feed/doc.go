// Package feed follows the revocation log: in each process one goroutine polls the log, invalidates
// the process's caches, and streams the entries to watchers.
//
// The guarantee is that once a revocation has returned, no replica of this service returns a result
// from before it. A replica learns of other replicas' revocations only from the log, so it uses its
// caches under a lease:
//
//   - A replica polls the log every 20 ms. A poll returns every entry whose commit had returned
//     when the poll started, because the order of cursors is the order of commits.
//   - It uses its caches at a time t only if the last poll that succeeded, and was applied, started
//     less than lease.Trust before t; otherwise it reads the store. So its results reflect every
//     revocation that was committed before t − Trust.
//   - A revocation that commits at c then waits for lease.Wait, which is longer than lease.Trust (see
//     WaitForReplicas), and returns at c + Wait or later. A later request is handled at t ≥ c +
//     Wait, hence t − Trust > c.
//
// Each side measures a duration on its own monotonic clock; no two clocks are compared. The
// difference between the two durations allows for clocks that run at different rates. A replica
// that cannot read the log stops using its caches by itself, and a process that is paused and
// resumed finds its lease expired. The replica that revokes does not use its own caches until it
// has polled the log again, so it need not wait for itself; a single replica does not wait at all.
//
// The package owns the cursor, the lease and the watchers. It does not know which cached results an
// entry invalidates: its listeners do.
package feed
