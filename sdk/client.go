package usher

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// ErrInactive is a token that is unknown, expired or revoked: one answer for all (RFC 7662 §2.2).
var ErrInactive = errors.New("token is not active")

// callLimit bounds a call whose context has no deadline.
const callLimit = 2 * time.Second

// Client asks the token service. Its methods may be called concurrently.
type Client struct {
	conn    *grpc.ClientConn
	service tokenv1.IntrospectionServiceClient
}

// Token is what a live token stands for.
type Token struct {
	// Subject is the user, `usr_…`.
	Subject string
	// Username is the user's display name, never the e-mail address.
	Username string
	// ClientID is the app that the token was issued to.
	ClientID string
	// WorkspaceID is the only workspace that the token is good for.
	WorkspaceID string
	// Scopes are the permissions, in the order they were asked.
	Scopes []string
	// Issuer is the authorization server (RFC 8414 §2).
	Issuer string
	// IssuedAt and ExpiresAt are whole seconds.
	IssuedAt, ExpiresAt time.Time
}

// Has reports whether the token has a scope: the whole name, and no other implies it.
func (t Token) Has(scope string) bool {
	for _, s := range t.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// Dial prepares a connection to the token service at host:port. It does not wait for it: the first call finds out. The
// credentials must present a certificate whose URI SAN names a resource server, `spiffe://<trust-domain>/<name>`.
func Dial(addr string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*Client, error) {
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
	}, opts...)
	conn, err := grpc.NewClient(addr, opts...)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the token service: %w", err)
	}
	return &Client{conn: conn, service: tokenv1.NewIntrospectionServiceClient(conn)}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Introspect says what a token stands for. It fails with ErrInactive for a token that opens nothing, and with another error,
// a gRPC status, when the token service could not be asked: deny then, and say 503 and not 401.
func (c *Client) Introspect(ctx context.Context, token string) (Token, error) {
	if token == "" {
		return Token{}, ErrInactive
	}
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callLimit)
		defer cancel()
	}
	res, err := c.service.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
	if err != nil {
		return Token{}, fmt.Errorf("asking about a token: %w", err)
	}
	if !res.GetActive() {
		return Token{}, ErrInactive
	}
	return Token{
		Subject: res.GetSub(), Username: res.GetUsername(), ClientID: res.GetClientId(), WorkspaceID: res.GetWorkspaceId(),
		Scopes: strings.Fields(res.GetScope()), Issuer: res.GetIss(),
		IssuedAt: time.Unix(res.GetIat(), 0), ExpiresAt: time.Unix(res.GetExp(), 0),
	}, nil
}
