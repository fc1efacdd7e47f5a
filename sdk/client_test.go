package usher_test

import (
	"context"
	"errors"
	"net"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
)

// fake knows one live token.
type fake struct {
	tokenv1.UnimplementedIntrospectionServiceServer
}

func (fake) IntrospectToken(ctx context.Context, req *tokenv1.IntrospectTokenRequest) (*tokenv1.IntrospectTokenResponse, error) {
	if _, has := ctx.Deadline(); !has {
		return nil, status.Error(codes.InvalidArgument, "a call came without a deadline")
	}
	switch req.GetToken() {
	case "live":
		return &tokenv1.IntrospectTokenResponse{
			Active: true, Sub: "usr_a", Username: "A", ClientId: "app", WorkspaceId: "ws_a", Scope: "videos:read jobs:read",
			Iss: "https://issuer.test", Iat: 100, Exp: 200,
		}, nil
	case "down":
		return nil, status.Error(codes.Unavailable, "a dependency is unavailable")
	}
	return &tokenv1.IntrospectTokenResponse{}, nil
}

func dial(t *testing.T) *usher.Client {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	tokenv1.RegisterIntrospectionServiceServer(server, fake{})
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(server.Stop)
	client, err := usher.Dial(lis.Addr().String(), insecure.NewCredentials())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestIntrospectAnswersTypedFacts(t *testing.T) {
	got, err := dial(t).Introspect(t.Context(), "live")
	want := usher.Token{
		Subject: "usr_a", Username: "A", ClientID: "app", WorkspaceID: "ws_a", Scopes: []string{"videos:read", "jobs:read"},
		Issuer: "https://issuer.test", IssuedAt: time.Unix(100, 0), ExpiresAt: time.Unix(200, 0),
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if !got.Has("jobs:read") || got.Has("jobs") || got.Has("videos:read jobs:read") || got.Has("") {
		t.Error("a scope is matched whole and exactly")
	}
}

func TestRFC7662_2_2_WhatIsNotLiveIsOneAnswer(t *testing.T) {
	client := dial(t)
	for _, token := range []string{"", "unknown"} {
		if _, err := client.Introspect(t.Context(), token); !errors.Is(err, usher.ErrInactive) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestAnOutageIsNotAnInactiveToken(t *testing.T) {
	_, err := dial(t).Introspect(t.Context(), "down")
	if err == nil || errors.Is(err, usher.ErrInactive) || status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
}
