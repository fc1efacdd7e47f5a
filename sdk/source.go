package usher

import (
	"context"

	"github.com/vidocu/usher/sdk/enforce"
)

// WithSource returns a context with the network address that a request came from, with or without a
// port, such as http.Request.RemoteAddr. Behind proxies it is the address that the first trusted one
// saw, and never an unchecked X-Forwarded-For. Without it an API key that is restricted to networks is
// refused.
func WithSource(ctx context.Context, source string) context.Context {
	return context.WithValue(ctx, sourceKey, source)
}

func sourceFrom(ctx context.Context) string {
	source, _ := ctx.Value(sourceKey).(string)
	return source
}

// addressesOf parses the networks of a response. One that cannot be parsed, as from a later release,
// leaves a network that no address is in.
func addressesOf(list []string) enforce.Addresses {
	if len(list) == 0 {
		return nil
	}
	all, err := enforce.ParseAddresses(list)
	if err != nil {
		return make(enforce.Addresses, 1) // the zero network contains no address
	}
	return all
}
