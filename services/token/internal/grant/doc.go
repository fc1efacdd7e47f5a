// Package grant is the token endpoint of RFC 6749 §3.2 without its transport: the phases that every
// grant type shares, in one place, and a small type with hooks for each grant type, so that no
// grant type can skip a phase.
//
// It owns the order of the checks and the error of each failure. It never talks HTTP, gRPC or SQL;
// it defines the small interfaces that it needs.
package grant
