// Package feed follows the revocation log: one follower a process tells whoever remembers an answer
// what has ended, and the watchers outside what to forget.
//
// The promise is that when a revocation has returned, no replica of this service answers from
// before it. A replica knows what others revoked only from the log, so it trusts what it remembers
// by a lease:
//
//   - A replica reads the log every 20 ms. What it reads at a time holds every entry whose commit
//     had returned when the reading began, because the order of cursors is the order of commits.
//   - It answers from memory at a time t only while the last reading that succeeded, and was acted
//     upon, began less than Trust before t; else it asks the store. So what it answers takes every
//     revocation into account that was committed before t − Trust.
//   - Whoever appends to the log waits after its commit, at c, for Lease, which is longer than
//     Trust (see WaitForReplicas), and returns at c + Lease or later. A question that comes after
//     that is judged at t ≥ c + Lease, hence t − Trust > c.
//
// Each side measures a duration on its own monotonic clock; no two clocks are compared. The
// difference of the two durations is for clocks that run at different rates. A replica that cannot
// read the log stops trusting its memory by itself, and one that is stopped and goes on later finds
// its lease run out. The replica that revokes does not trust its own memory until it has read the
// log anew, so it need not wait for itself; where it is the only one, nobody waits.
//
// The package owns the cursor, the lease and the watchers. It never knows what an entry means for
// an answer: that is for those who listen.
package feed
