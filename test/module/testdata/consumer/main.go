// A minimal resource server of a third party: it introspects one token and prints its user.
package main

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials/insecure"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, bearer string) error {
	client, err := usher.Dial(address, insecure.NewCredentials())
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ready(ctx); err != nil {
		return err
	}
	token, err := client.Check(ctx, bearer, "GET", "/v1/videos")
	if err != nil {
		return err
	}
	fmt.Println(token.Subject, tokenv1.IntrospectionService_IntrospectToken_FullMethodName)
	return nil
}
