// Package rpc implements the consent service's gRPC services, one file each, and its clients of
// identity, authz and token, one file each.
//
// It owns how a domain error maps to a gRPC status (errors.go). It never decides anything about a
// request or a client and never touches SQL.
package rpc
