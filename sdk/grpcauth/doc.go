// Package grpcauth is interceptors for gRPC servers that let a call through when its bearer's token has the scope that the
// method needs.
//
//	client, err := usher.Dial("token.usher.svc:9090", credentials.NewTLS(config))
//	guard := grpcauth.New(client, map[string]string{"/video.v1.VideoService/ListVideos": "videos:read"},
//		grpcauth.WithPublic("/grpc.health.v1.Health/Check"))
//	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary()), grpc.StreamInterceptor(guard.Stream()))
//
// # What it decides
//
// A method that is neither in the map nor public is denied to everybody, so that a method that somebody adds is closed until
// somebody says what opens it. An access token needs the method's scope; an API key is bound by none; a user token opens
// nothing. The token comes from the `authorization` metadata alone. A stream is judged once, when it is opened: whoever keeps
// streams open for long asks again, with [usher.Client.Introspect].
//
// # What it answers
//
// Unauthenticated without an active token, PermissionDenied without the scope and for an unknown method, Unavailable where it
// cannot be known; each with the documented message and a google.rpc.ErrorInfo of the domain `usher`, whose reason is
// AUTHENTICATION_ERROR, INSUFFICIENT_SCOPE (with the scope as metadata), METHOD_NOT_ALLOWED or UNAVAILABLE (with a
// google.rpc.RetryInfo). A handler that is reached finds the token with usher.FromContext.
//
// The package owns the status of a denial. It decides nothing beyond the map and remembers nothing.
package grpcauth
