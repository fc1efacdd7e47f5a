// Package userapi is VIDIZMO's user authentication API over HTTP, with its own paths, bodies and
// errors (docs/wire-contract.md §8).
//
// It owns the parsing of requests and the format of responses. The token service validates tokens
// and credentials, and decides which users a caller may read.
package userapi
