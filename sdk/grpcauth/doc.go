// Package grpcauth provides interceptors for gRPC servers that pass a call on when its bearer token
// has the method's scope.
//
//	client, err := usher.Dial("token.usher.svc:9090", credentials.NewTLS(config))
//	guard := grpcauth.New(client, map[string]string{"/video.v1.VideoService/ListVideos": "videos:read"},
//		grpcauth.WithPublic("/grpc.health.v1.Health/Check"))
//	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary()), grpc.StreamInterceptor(guard.Stream()))
//
// # What it decides
//
// A method that is neither in the map nor public is always denied, so that a new method is closed until
// it gets a scope. An access token needs the method's scope, and so does a restricted API key; an
// unrestricted API key has no scopes and may call every method in the map; a user token is refused. The
// token comes from the `authorization` metadata only.
//
// A stream is checked once, when it is opened. The handler of a long one introspects the token again, in
// the context of the stream, which has the call's source address, and ends the stream when it is not active:
//
//	sent := enforce.ReadCredential(metadata.ValueFromIncomingContext(ctx, "authorization"), nil)
//	if _, err := client.Introspect(ctx, sent.Token); errors.Is(err, usher.ErrInactive) {
//		return status.Error(codes.Unauthenticated, "the token is not active any more")
//	}
//
// # What it returns
//
// Unauthenticated without an active token, PermissionDenied without the scope and for an unknown
// method, Unavailable where the token cannot be checked; each with the documented message and a
// google.rpc.ErrorInfo of the domain `usher`, whose reason is AUTHENTICATION_ERROR,
// INSUFFICIENT_SCOPE (with the scope as metadata), METHOD_NOT_ALLOWED or UNAVAILABLE (with a
// google.rpc.RetryInfo). A handler gets the token from usher.FromContext.
//
// The package owns the status of a denial. It makes no decision beyond the map and caches nothing.
package grpcauth
