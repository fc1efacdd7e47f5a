// Command bench measures the cost of an operation: the CPU time of all our processes, PostgreSQL
// and Redis per operation, as a multiple of the server's CPU time for a bare gRPC echo in the same
// run, so that the results are valid on any machine.
//
// It owns the measurement only; a run prints Markdown for docs/performance.md. It is not a test: no
// result fails a build.
package main
