package dialect

import (
	"context"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// sourceKey is under what a request's context holds its source address.
type sourceKey struct{}

// sourced says in each request where it came from, whatever the body said.
type sourced struct{ tokenv1.OAuthServiceClient }

func sourceOf(ctx context.Context) string {
	source, _ := ctx.Value(sourceKey{}).(string)
	return source
}

// IssueToken is tokenv1.OAuthServiceClient.
func (s sourced) IssueToken(
	ctx context.Context, req *tokenv1.IssueTokenRequest, opts ...grpc.CallOption,
) (*tokenv1.IssueTokenResponse, error) {
	req.SourceAddress = sourceOf(ctx)
	return s.OAuthServiceClient.IssueToken(ctx, req, opts...)
}

// RevokeToken is tokenv1.OAuthServiceClient.
func (s sourced) RevokeToken(
	ctx context.Context, req *tokenv1.RevokeTokenRequest, opts ...grpc.CallOption,
) (*tokenv1.RevokeTokenResponse, error) {
	req.SourceAddress = sourceOf(ctx)
	return s.OAuthServiceClient.RevokeToken(ctx, req, opts...)
}

// IntrospectClientToken is tokenv1.OAuthServiceClient.
func (s sourced) IntrospectClientToken(
	ctx context.Context, req *tokenv1.IntrospectClientTokenRequest, opts ...grpc.CallOption,
) (*tokenv1.IntrospectClientTokenResponse, error) {
	req.SourceAddress = sourceOf(ctx)
	return s.OAuthServiceClient.IntrospectClientToken(ctx, req, opts...)
}
