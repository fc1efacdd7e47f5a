package httpauth_test

import (
	"fmt"
	"net/http"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/httpauth"
)

func ExampleNew() {
	videos := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := usher.FromContext(r.Context())
		fmt.Fprintf(w, "videos of %s", token.Subject)
	})
	var client httpauth.Checker = &checker{} // an *usher.Client in a program
	handler := httpauth.New(client)(videos)
	fmt.Println(serve(handler, "/v1/videos", "Bearer live").Body)
	fmt.Print(serve(handler, "/v1/videos").Body)
	// Output:
	// videos of usr_a
	// {"error":{"code":"authentication_error","message":"Missing access token or API key"}}
}
