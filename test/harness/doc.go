// Package harness starts Usher as its users would, from its binaries, and calls it as they would:
// as a browser without JavaScript, as an OAuth client over HTTP, and as a service over gRPC.
//
// It owns processes, ports, certificates and temporary databases. It never imports a service: it
// uses only their public interfaces.
package harness
