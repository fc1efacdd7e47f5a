// Package dialect serves the token service's OAuth RPCs as HTTP endpoints in two dialects: the
// documents' JSON and RFC 6749's forms. The request's media type selects the dialect
// (docs/wire-contract.md §4).
//
// It owns the strict parsing of bodies, in one way only, and the format of errors. It validates no
// parameter.
package dialect
