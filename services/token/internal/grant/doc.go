// Package grant is the token endpoint of RFC 6749 §3.2 without its transport: the phases that every
// grant shares, in one place, and a small type with hooks for each grant, so that no grant can
// forget a phase.
//
// It owns the order of the checks and what each failure is called. It never talks HTTP, gRPC
// or SQL; it defines the small interfaces that it needs.
package grant
