package usher

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// Option changes how a Client works.
type Option func(*Client)

// New makes a client on a connection to the token service that the caller closes.
func New(conn grpc.ClientConnInterface, opts ...Option) *Client {
	c := &Client{service: tokenv1.NewIntrospectionServiceClient(conn), access: tokenv1.NewAccessServiceClient(conn)}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Check says in whose name a request may be served, or fails with a *enforce.Denial that says how to answer it.
func (c *Client) Check(ctx context.Context, token, method, path string) (*Token, error) {
	res, err := c.access.CheckAccess(ctx, &tokenv1.CheckAccessRequest{Token: token, Method: method, Path: path})
	if err != nil {
		return nil, enforce.Unavailable()
	}
	if d := res.GetDenied(); d != nil {
		return nil, &enforce.Denial{Status: int(d.GetStatus()), Code: d.GetCode(), Message: d.GetMessage(), Challenge: d.GetChallenge()}
	}
	a := res.GetAllowed()
	if a == nil {
		return nil, enforce.Unavailable()
	}
	return &Token{
		Kind: enforce.Kind(a.GetKind()), Subject: a.GetSub(), ClientID: a.GetClientId(), WorkspaceID: a.GetWorkspaceId(),
		Scopes: strings.Fields(a.GetScope()),
	}, nil
}
