// Package flow is the authorization request as a state machine (RFC 6749 §4.1.1,
// docs/wire-contract.md §5).
//
// The ordered checks of order.go, one file each, validate a query; no check before the client and
// its redirect URI are known may redirect. One dispatcher (dispatch.go) derives the next step from
// state: steps never call each other. A decision closes the request with a code or with
// access_denied (complete.go).
//
// The package renders no page, sees no password and stores no consent. Every request for a code is
// decided on the consent screen, except one with prompt=none: where dispatch.go admits it, the consent
// service decides without a page, from what the user has approved before.
package flow
