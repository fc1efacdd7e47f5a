// Package httpauth is middleware for net/http that lets a request through when its bearer's token opens the endpoint, and answers
// it as the documents say otherwise.
//
//	client, err := usher.Dial("token.usher.svc:9090", credentials.NewTLS(config))
//	http.ListenAndServe(addr, httpauth.New(client)(mux))
//
// # Which middleware
//
// [New] judges method and path by the catalog: the token (401), the path (404), the scope and the plan (403). It belongs round
// everything, before a router. [RequireScope] is for a service whose paths are not in the catalog: it asks for one scope
// and belongs round a handler.
//
// # What it reads
//
// The token comes from the Authorization header alone (RFC 6750 §2.1), never from a query, a body or a cookie. The path is the one
// of the request's URL as it was sent, undecoded, so that what the catalog judges is what the sender wrote; an encoded
// slash or a dot segment is a path that the catalog does not know. A browser's preflight carries no token: answer CORS before this.
//
// # What it answers
//
// The documented status and JSON body, WWW-Authenticate where there is a challenge, Cache-Control: no-store, and
// Retry-After where it cannot be known whether the token is good (503). A handler that is reached finds the token with
// usher.FromContext.
//
// The package owns the HTTP of a denial. It decides nothing and remembers nothing.
package httpauth
