// Package openapi serves the description of the HTTP API (OpenAPI 3.1) at /openapi.json.
//
// It owns the description: openapi.json, which `make generate` writes from the protos and from the
// frame of package apidoc, with the addresses of this server and the scopes and endpoints of the
// current catalog.
package openapi
