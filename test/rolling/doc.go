// Package rolling holds an Usher of two replicas under a steady load while everything below and inside it is replaced: each
// process, the certificates and their authority, the Redis master, PostgreSQL. It counts what clients noticed.
//
// It owns the load, the order of the faults and the count. It never repairs anything: what does not recover by itself, or by
// one retry as docs/resilience.md tells clients to make it, is in the count.
package rolling
