// Package rpc implements the token service's gRPC services, one file each: it converts the request,
// calls the domain, and converts the response.
//
// It owns how a request's credentials are parsed and how a domain error maps to a gRPC status
// (errors.go). It never decides anything about a token and never touches SQL.
package rpc
