// Package fetch reads small JSON documents from addresses that strangers name, such as a client's
// keys, and posts forms to such addresses: the only way in which a service requests something from
// outside.
//
// A stranger must not reach hosts that only we can reach, nor keep us busy. The name is resolved
// once, and the address of each connection is checked when the socket is about to connect, so that
// neither a second look-up nor a redirect reaches another host. There is no proxy, no redirect, no
// compression and no kept connection; the time, the headers and the body are bounded. Each failure
// has a Kind, since the person who reads it is the document's author.
//
// The package owns the request and its bounds. It caches nothing and does not know what a document
// says.
package fetch
