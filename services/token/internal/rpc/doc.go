// Package rpc is the token service on the wire: convert, call, convert, a file a gRPC service.
//
// It owns how a request's credentials are read and how a domain failure is named to the caller
// (errors.go). It never decides anything about a token and never touches SQL.
package rpc
