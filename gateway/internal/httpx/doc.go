// Package httpx is the gateway's HTTP plumbing: a router that matches paths exactly, and the
// middleware of every request.
//
// It owns routing by path and method, timeouts, the headers of every response, recovery from
// panics, and the request metrics. It does not depend on any route's handler.
package httpx
