// Package usher is the client library for resource servers: it introspects a bearer token and
// decides whether it authorizes a request, from a cache where it can, in well under a microsecond.
//
//	creds, err := usher.Certificate{CertFile: …, KeyFile: …, CAFile: …, TrustDomain: "usher.internal"}.Credentials()
//	client, err := usher.Dial("token.usher.svc:9090", creds)
//	defer client.Close()
//	token, err := client.Check(ctx, bearer, "GET", "/v1/videos")
//	var denial *enforce.Denial
//	if errors.As(err, &denial) { // 401, 403, 404 or 503, with the documented message
//	}
//
// Most services need no call of their own: package httpauth is middleware for HTTP, package
// grpcauth interceptors for gRPC. Both put the [Token] into the context, from which [FromContext]
// returns it.
//
// # Introspection
//
// [Client.Introspect] returns the properties of a token, and checks neither its kind, its scope and its
// audience nor the proof of the key that it is bound to: an active token is not yet access. [Client.Check] also checks a method and a
// path by the catalog of scopes, endpoints and plans, which the client loads from the token service
// and reloads when it changes. A token that is not active is [ErrInactive] or a denial with 401. A
// request to the token service that fails is another error or a denial with 503, and says nothing
// about the token. A string that cannot be a token, by its length, alphabet or checksum, is
// inactive without a request.
//
// # Caching
//
// Responses are cached by the SHA-256 of the token, never with the token itself, until the token
// expires, but for at most [WithMaxAge] (1 minute by default). The response contains the token's
// remaining lifetime as a duration, which is counted on this machine's monotonic clock from before
// the request, so that clock skew does not matter. The cache holds at most [WithCacheSize] active
// tokens; inactive ones are cached separately, so that guessed tokens evict no active one.
// Concurrent calls with the same token send one request.
//
// # Invalidation
//
// The client follows the token service's revocation log (WatchRevocations), and evicts revoked
// tokens as soon as it receives an entry, typically within milliseconds. The cache is used only
// while the message before the last one of the stream is younger than three of the server's
// heartbeat intervals (never less than 750 ms, never more than 30 s): the server may have created
// the last one before it was suspended. After that, for example behind a connection that drops
// packets, every call introspects, and the stream is opened again. So no revoked token is allowed
// for longer than that bound after its revocation, counted from the arrival of that message. After
// a stream was interrupted, the cache is used again only when the client has read the log to its
// end, and it is cleared when the server reports that entries were trimmed.
//
// With a token service that does not implement WatchRevocations, every call introspects.
//
// # Scope
//
// The package owns the connection, the cache and the typed responses. It stores no token, makes no
// decision besides those of package enforce, and never allows a request whose token it cannot
// check.
package usher
