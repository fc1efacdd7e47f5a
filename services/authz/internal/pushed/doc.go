// Package pushed stores the authorization requests that clients push (RFC 9126), until the browser
// comes with the request_uri.
//
// It owns the format of a request_uri, its lifetime, that it belongs to one client, and that one
// authorization at most is decided by it. A browser may load it any number of times until then:
// reloads, restored tabs and link previews spend nothing. It never validates a request: package flow
// does that, before it is stored and after it is found.
package pushed
