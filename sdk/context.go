package usher

import "context"

type tokenKey struct{}

// NewContext is ctx with the token of the request in it.
func NewContext(ctx context.Context, t *Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, t)
}

// FromContext is the token of the request that ctx belongs to.
func FromContext(ctx context.Context) (*Token, bool) {
	t, ok := ctx.Value(tokenKey{}).(*Token)
	return t, ok
}
