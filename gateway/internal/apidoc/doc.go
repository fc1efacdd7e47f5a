// Package apidoc writes the parts of the documentation that the contract decides: the page of every
// cause of a refusal, and the description of the HTTP API (OpenAPI 3.1).
//
// It owns the frame of that description, frame.yaml, and how the protos fill it: methods with the
// option google.api.http, their messages, and the comments. `make generate` runs it, and no process
// links it.
package apidoc
