// Package httpserver serves HTTP/1.1 on a port that clients reach: connection limits, lingering
// close, and responses of our own instead of those that net/http writes by itself.
//
// A client that sends a body that is not read, and reads afterwards, would lose the response:
// closing a connection with unread data resets it, and a reset discards data that has arrived (RFC
// 9112 §9.6). So the sending side is closed first, and the rest of the body is read and discarded,
// within limits of bytes and time.
//
// It owns connections. It has no routes.
package httpserver
