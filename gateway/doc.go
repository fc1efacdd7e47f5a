// Package gateway is Usher's HTTP face: the OAuth endpoints in two dialects through grpc-gateway, the pages for people, and the
// metadata for programs.
//
// It owns HTTP: routes, limits, headers, cookies, pages. It decides nothing about identity or permission: it presents a session
// or credentials, and a service decides. It has no database.
package gateway
