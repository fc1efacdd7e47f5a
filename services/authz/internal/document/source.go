package document

import "context"

type sourceKey struct{}

// WithSource returns a context for a request from a network address: the requests that one address
// causes are limited.
func WithSource(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, sourceKey{}, address)
}

// SourceFrom returns the network address of the request that needs a document; empty if it is not
// known.
func SourceFrom(ctx context.Context) string {
	address, _ := ctx.Value(sourceKey{}).(string)
	return address
}
