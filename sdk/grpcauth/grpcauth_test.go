package grpcauth_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/grpcauth"
)

type introspector struct{}

func (introspector) Introspect(_ context.Context, token string) (*usher.Token, error) {
	switch token {
	case "live":
		return &usher.Token{Kind: enforce.AccessToken, Subject: "usr_a", Scopes: []string{"videos:read"}}, nil
	case "key":
		return &usher.Token{Kind: enforce.APIKey, Subject: "key_a"}, nil
	case "elsewhere":
		return nil, usher.ErrAddress
	case "down":
		return nil, errors.New("down")
	}
	return nil, usher.ErrInactive
}

func guard() *grpcauth.Guard {
	return grpcauth.New(introspector{}, map[string]string{"/v.S/List": "videos:read", "/v.S/Export": "export:write"}, grpcauth.WithPublic("/v.S/Health"))
}

// stream is a fake stream with a context.
type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

// call makes a unary and a streaming call, which must have the same result. It returns the subject
// of the token in the handler's context.
func call(t *testing.T, method string, authorization ...string) (subject string, err error) {
	t.Helper()
	ctx := metadata.NewIncomingContext(context.Background(), metadata.MD{"authorization": authorization})
	name := func(ctx context.Context) string {
		if token, ok := usher.FromContext(ctx); ok {
			return token.Subject
		}
		return "no token"
	}
	_, err = guard().Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(ctx context.Context, _ any) (any, error) {
		subject = name(ctx)
		return nil, nil
	})
	var streamed string
	again := guard().Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: method}, func(_ any, s grpc.ServerStream) error {
		streamed = name(s.Context())
		return nil
	})
	if subject != streamed || status.Code(err) != status.Code(again) {
		t.Errorf("%s: %q %v as a call, %q %v as a stream", method, subject, err, streamed, again)
	}
	return subject, err
}

func TestAMethodNeedsItsScope(t *testing.T) {
	for name, row := range map[string]struct {
		method        string
		authorization []string
		subject       string
		code          codes.Code
		reason        string
	}{
		"scope":              {"/v.S/List", []string{"Bearer live"}, "usr_a", codes.OK, ""},
		"a key":              {"/v.S/Export", []string{"Bearer key"}, "key_a", codes.OK, ""},
		"public":             {"/v.S/Health", nil, "no token", codes.OK, ""},
		"none":               {"/v.S/List", nil, "", codes.Unauthenticated, "AUTHENTICATION_ERROR"},
		"dead":               {"/v.S/List", []string{"Bearer x"}, "", codes.Unauthenticated, "AUTHENTICATION_ERROR"},
		"two":                {"/v.S/List", []string{"Bearer live", "Bearer key"}, "", codes.Unauthenticated, "AUTHENTICATION_ERROR"},
		"no scope":           {"/v.S/Export", []string{"Bearer live"}, "", codes.PermissionDenied, "INSUFFICIENT_SCOPE"},
		"unknown":            {"/v.S/New", []string{"Bearer live"}, "", codes.PermissionDenied, "METHOD_NOT_ALLOWED"},
		"unknown with a key": {"/v.S/New", []string{"Bearer key"}, "", codes.PermissionDenied, "METHOD_NOT_ALLOWED"},
		"down":               {"/v.S/List", []string{"Bearer down"}, "", codes.Unavailable, "UNAVAILABLE"},
	} {
		subject, err := call(t, row.method, row.authorization...)
		if subject != row.subject || status.Code(err) != row.code {
			t.Errorf("%s: %q %v", name, subject, err)
		}
		if info := infoOf(err); row.reason != "" && (info.GetReason() != row.reason || info.GetDomain() != "usher") {
			t.Errorf("%s: the reason is %v", name, info)
		}
	}
}

func TestAKeyOfOtherNetworksGetsItsOwnMessage(t *testing.T) {
	_, err := call(t, "/v.S/List", "Bearer elsewhere")
	const want = "This API key may not be used from the address of this request"
	if status.Code(err) != codes.Unauthenticated || status.Convert(err).Message() != want || infoOf(err).GetReason() != "AUTHENTICATION_ERROR" {
		t.Errorf("got %v %v", err, infoOf(err))
	}
}

func infoOf(err error) *errdetails.ErrorInfo {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info
		}
	}
	return nil
}

func TestTheDenialNamesTheScope(t *testing.T) {
	_, err := call(t, "/v.S/Export", "Bearer live")
	const want = `This action requires the "export:write" scope. Your token has: videos:read`
	if status.Convert(err).Message() != want || infoOf(err).GetMetadata()["scope"] != "export:write" {
		t.Errorf("got %v %v", err, infoOf(err))
	}
}

// TestANilOptionIsTheDefault, and does not fail with the first call that needs it.
func TestANilOptionIsTheDefault(t *testing.T) {
	g := grpcauth.New(introspector{}, map[string]string{"/v.S/List": "videos:read"}, grpcauth.WithSource(nil), grpcauth.WithLogger(nil))
	for token, want := range map[string]codes.Code{"live": codes.OK, "down": codes.Unavailable} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{"authorization": {"Bearer " + token}})
		_, err := g.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/v.S/List"}, func(context.Context, any) (any, error) { return nil, nil })
		if status.Code(err) != want {
			t.Errorf("%s: %v", token, err)
		}
	}
}
