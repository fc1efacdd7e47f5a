package source_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/source"
)

func received(md metadata.MD, from string) context.Context {
	return peer.NewContext(metadata.NewIncomingContext(context.Background(), md), &peer.Peer{AuthInfo: policy.Caller{Name: from}})
}

func TestOnlyTheGatewayIsBelieved(t *testing.T) {
	sent := source.Metadata("203.0.113.7")
	for from, want := range map[string]string{"gateway": "203.0.113.7", "consent": "", "video-api": "", "local": "", "": ""} {
		if got := source.From(received(sent, from)); got != want {
			t.Errorf("from %q the address is %q, want %q", from, got, want)
		}
	}
	for _, md := range []metadata.MD{nil, source.Metadata(""), source.Metadata("a\nb"), metadata.Join(sent, sent)} {
		if got := source.From(received(md, "gateway")); got != "" {
			t.Errorf("%v gives %q", md, got)
		}
	}
}
