// Package rpc serves the identity service over gRPC: convert, call, convert, one file per gRPC
// service.
//
// It owns the mapping of domain errors to statuses (errors.go). It authenticates no user and never
// accesses SQL.
package rpc
