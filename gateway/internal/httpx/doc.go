// Package httpx is the gateway's HTTP plumbing: an exact router, and what every request passes.
//
// It owns routing by path and method, deadlines, the headers of every answer, recovery, and the count of requests. It never
// knows what a route does.
package httpx
