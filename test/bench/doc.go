// Command bench measures what an operation costs: the CPU of all our processes, PostgreSQL and Redis per operation, in
// multiples of a bare gRPC echo's server CPU taken in the same run, so that the figures hold on any machine.
//
// It owns the measurement only; a run prints Markdown for docs/performance.md. It is never a test: no figure fails a build.
package main
