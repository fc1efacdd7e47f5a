// Package rolling runs an Usher of two replicas under a steady load while every part is replaced:
// each process, the certificates and their authority, the Redis master, PostgreSQL. It counts the
// failures that clients noticed.
//
// It owns the load, the order of the faults and the counters. It never repairs anything: a fault
// from which the deployment does not recover by itself, or by the one retry that docs/resilience.md
// asks of clients, is counted.
package rolling
