// Package rpc serves the activity service's RPCs and calls other services: it converts, calls and
// converts.
//
// It owns the mapping of domain errors to reasons. It never decides who may read, and never stores.
package rpc
