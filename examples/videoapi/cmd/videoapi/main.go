// Command videoapi runs the example API alone, against a running Usher: `make run` in one terminal,
// this in another, and USHER_UPSTREAM_URL=http://127.0.0.1:8090 in the first.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/vidocu/usher/examples/videoapi"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/httpauth"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to listen")
	token := flag.String("token", "127.0.0.1:9090", "the token service's port, in development")
	flag.Parse()
	if err := serve(*listen, *token); err != nil {
		fmt.Fprintln(os.Stderr, "videoapi: "+err.Error())
		os.Exit(1)
	}
}

// serve serves until it fails. Outside development the connection has a certificate whose URI SAN
// names a resource server.
func serve(listen, token string) error {
	conn, err := grpc.NewClient(token, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the process ends
	client := usher.New(conn)
	defer client.Close() //nolint:errcheck // likewise
	server := http.Server{Addr: listen, Handler: videoapi.New(client, httpauth.WithSource(httpauth.PeerAddress)), ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}
