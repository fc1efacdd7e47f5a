// Package usher is what a resource server imports: it asks Usher's token service what a token stands for.
//
//	client, err := usher.Dial("token.usher.svc:9090", credentials.NewTLS(config)) // a certificate that Usher knows
//	token, err := client.Introspect(ctx, bearer)
//	switch {
//	case errors.Is(err, usher.ErrInactive): // 401
//	case err != nil: // 503: the token service could not be asked, which says nothing about the token
//	}
//
// It owns the connection and the typed answer. It keeps no token, decides no permission, and remembers nothing between calls:
// every call asks, so that a token that was revoked is dead at once.
package usher
