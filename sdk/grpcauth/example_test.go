package grpcauth_test

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/sdk/grpcauth"
)

func ExampleNew() {
	var client grpcauth.Introspector = introspector{} // an *usher.Client in a program
	guard := grpcauth.New(client, map[string]string{"/video.v1.VideoService/ListVideos": "videos:read"},
		grpcauth.WithPublic("/grpc.health.v1.Health/Check"))
	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary()), grpc.StreamInterceptor(guard.Stream()))
	defer server.Stop()
	fmt.Println("guarded")
	// Output: guarded
}
