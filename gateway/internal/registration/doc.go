// Package registration serves dynamic client registration over HTTP: POST /oauth/register (RFC 7591)
// and the configuration endpoint of each client below it (RFC 7592).
//
// It owns the JSON of the requests and responses. Errors are flat, with `error` as a string, whatever
// the media type: client libraries read no other format here. The authz service validates metadata
// and tokens; the token service deletes a client, which revokes access.
package registration
