package usher_test

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/credentials/insecure"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/ushertest"
)

func ExampleClient_Check() {
	server := ushertest.New() // a token service in memory
	addr, stop, err := server.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	client, err := usher.Dial(addr, insecure.NewCredentials())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	if err := client.Ready(ctx); err != nil {
		fmt.Println(err)
		return
	}
	bearer := server.Issue(facts())
	token, err := client.Check(ctx, bearer, "GET", "/v1/videos")
	fmt.Println(token.Subject, err)
	_, err = client.Check(ctx, bearer, "POST", "/v1/videos/vid_1/export")
	var denial *enforce.Denial
	if errors.As(err, &denial) {
		fmt.Println(denial.Status, denial.Message)
	}
	// Output:
	// usr_a <nil>
	// 403 This action requires the "export:write" scope. Your token has: videos:read, jobs:read
}
