// Package flow is the authorization request as a state machine (RFC 6749 §4.1.1, docs/wire-contract.md §5).
//
// A query becomes a request by the ordered checks of order.go, one file a check; nothing may redirect before the app and
// its redirect URI are known. What happens next is read from state by one dispatcher (dispatch.go): steps never call each
// other. A decision closes the request with a code or with access_denied (complete.go).
//
// It never shows a page, never knows a password and never remembers a consent: whoever asks sees the consent screen.
package flow
