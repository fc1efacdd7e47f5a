// Package rpc is the authorization service on the wire: convert, call, convert, a file a gRPC service.
//
// It owns how a domain failure is named to the caller (errors.go). It never decides anything about a request and never touches
// SQL or Redis.
package rpc
