package requestid_test

import (
	"context"
	"regexp"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// received returns the context of a call at the server.
func received(sent context.Context, from string) context.Context {
	md, _ := metadata.FromOutgoingContext(sent)
	return peer.NewContext(metadata.NewIncomingContext(context.Background(), md), &peer.Peer{AuthInfo: policy.Caller{Name: from}})
}

func TestAnIDGoesFromServiceToService(t *testing.T) {
	ctx := requestid.Begin(t.Context())
	id := requestid.From(ctx)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Fatalf("the id is %q", id)
	}
	token := received(requestid.Forward(ctx), "gateway")
	authz := received(requestid.Forward(token), "token")
	for _, ctx := range []context.Context{token, authz} {
		if attrs := requestid.Attrs(ctx); len(attrs) != 1 || attrs[0].Key != "request_id" || attrs[0].Value.String() != id {
			t.Errorf("a line says %v, want %s", attrs, id)
		}
	}
}

func TestNobodyElseIsBelieved(t *testing.T) {
	sent := requestid.Forward(requestid.Begin(t.Context()))
	for _, from := range []string{"video-api", "operator", "local", ""} {
		if id := requestid.From(received(sent, from)); id != "" {
			t.Errorf("%q is believed", from)
		}
	}
	twice := requestid.Forward(requestid.Begin(sent))
	if id := requestid.From(received(twice, "gateway")); id != "" {
		t.Errorf("of two ids %s is taken", id)
	}
	if ctx := t.Context(); requestid.Forward(ctx) != ctx || len(requestid.Attrs(ctx)) != 0 {
		t.Error("a call without a request has an id")
	}
}
