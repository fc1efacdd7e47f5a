// Package httpauth is middleware for net/http that passes a request on when its bearer token
// authorizes it, and responds with the documented error otherwise.
//
//	client, err := usher.Dial("token.usher.svc:9090", credentials.NewTLS(config))
//	http.ListenAndServe(addr, httpauth.New(client)(mux))
//
// # Which middleware
//
// [New] checks the token (401), and by the catalog the path (404), the scope and the plan (403). It
// belongs around everything, before a router. [RequireScope] is for a service whose paths are not
// in the catalog: it checks one scope and belongs around a handler.
//
// # What it reads
//
// The token comes from the Authorization header only (RFC 6750 §2.1), never from a query, a body or
// a cookie. The path is that of the request's URL as it was sent, undecoded, so that the catalog
// matches the same path as the client sent; a path with an encoded slash or a dot segment is not in
// the catalog. A CORS preflight has no token: respond to it before this middleware.
//
// # What it writes
//
// The documented status and JSON body, WWW-Authenticate where there is a challenge, Cache-Control:
// no-store, and Retry-After where the token cannot be checked (503). A handler gets the token from
// usher.FromContext.
//
// The package owns the HTTP response of a denial. It makes no decision and caches nothing.
package httpauth
