// Package httpserver serves HTTP/1.1 on a port that clients reach: the limits of a connection, closing in stages, and responses
// of our own in place of those that net/http writes by itself.
//
// A client that sends a body that is not read, and reads afterwards, would lose the response: closing a connection with unread
// data in it resets it, and a reset discards what has arrived (RFC 9112 §9.6). So the sending side is closed first, and what
// still comes is read and discarded, within bounds of bytes and time.
//
// It owns connections. It never knows a route.
package httpserver
