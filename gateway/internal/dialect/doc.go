// Package dialect presents the token service's OAuth RPCs as HTTP endpoints in two dialects: the documents' JSON and RFC 6749's
// forms. The request's media type picks the dialect (docs/wire-contract.md §4).
//
// It owns how a body is read, strictly and one way, and how a failure looks. It judges nothing that is said in a request.
package dialect
