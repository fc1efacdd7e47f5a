// Package harness starts Usher as its users would, from its binaries, and talks to it as they would: a browser
// without JavaScript, an app over HTTP, a service over gRPC.
//
// It owns processes, ports, certificates and throw-away databases. It never imports a service: everything it
// knows, it knows from the outside.
package harness
