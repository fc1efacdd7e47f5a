// Package gateway is Usher's HTTP front end: the OAuth endpoints in two dialects through
// grpc-gateway, the pages for users, and the metadata for clients (RFC 8414).
//
// It owns HTTP: routes, limits, headers, cookies, pages. It makes no decision about identity or
// permission: it passes a session or credentials to a service, which decides. It has no database.
package gateway
