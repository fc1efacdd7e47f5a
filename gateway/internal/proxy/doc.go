// Package proxy is the reverse proxy of `/v1`: it forwards requests that the catalog allows to the
// API, with the verified identity, and denies all others.
//
// It owns what is forwarded: the path byte for byte as it was checked, the bodies as streams, and
// the headers in both directions. It makes no decision, and stores nothing of what it forwards.
package proxy
