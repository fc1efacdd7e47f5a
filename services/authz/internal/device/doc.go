// Package device stores the codes of the device authorization grant (RFC 8628): the device code that
// a device polls with, and the user code that a user enters.
//
// It owns their formats and lifetimes, and how often a device may poll. The request that both stand
// for is a pending authorization (package pending), which has the user's decision; the token
// service's database ensures that a device code is exchanged once.
package device
