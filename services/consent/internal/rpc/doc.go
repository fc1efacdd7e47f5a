// Package rpc is the consent service on the wire: convert, call, convert, a file a gRPC service,
// and what it asks of identity, authz and token, a file each.
//
// It owns how a domain failure is named to the caller (errors.go). It never decides anything about
// a request or an app and never touches SQL.
package rpc
