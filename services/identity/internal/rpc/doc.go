// Package rpc is the identity service on the wire: convert, call, convert, a file a gRPC service.
//
// It owns how a domain failure is named to the caller (errors.go). It never decides who somebody is and never touches SQL.
package rpc
