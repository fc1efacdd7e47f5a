// Package manifest is a file of clients as they should be registered, and the requests that make a
// registration equal to it.
//
// It owns the members of the file and their defaults, which are those of `usher clients create`. A
// manifest has no secrets. The package reads no file, calls no service and validates nothing that
// the authorization service validates.
package manifest
