// Package rpc serves the authorization service over gRPC: convert, call, convert, one file per gRPC
// service.
//
// It owns the mapping of domain errors to statuses (errors.go). It makes no decision about a
// request and accesses neither SQL nor Redis.
package rpc
