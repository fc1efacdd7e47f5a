package main

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// banner prints where to click and what to try. took is how long the start was, and apiKey the
// development key, on the start that generated it.
func banner(out io.Writer, c *settings, took time.Duration, apiKey secret.String) {
	api := cmp.Or(c.APIURL, c.PublicURL)
	demo := c.PublicURL + "/oauth/authorize?" + url.Values{
		"client_id": {"vdo_client_abc123"}, "redirect_uri": {c.PublicURL + "/demo/callback"}, "response_type": {"code"},
		"scope": {"videos:read analyze:write jobs:read"}, "state": {"demo"},
	}.Encode()

	fmt.Fprintf(out, `
Usher is ready in %d ms. Development only: these secrets are public.

  Start here     %s
                 sign in as john.doe@gmail.com (or esther.fray@gmail.com), password examplepassword;
                 the page behind it shows the code and the request that exchanges it
  Connected apps %s/account/connected-apps
  Clients        vdo_client_abc123 / vdo_secret_xyz789, public vdo_client_public123, devices vdo_client_device123,
                 resource server vdo_client_resource123 / vdo_secret_resource789
  API key        %s
  gRPC           %s   Admin %s   Data %s

  Use an access token (at the example API, unless USHER_UPSTREAM_URL names yours):
    curl %s/v1/videos -H 'Authorization: Bearer vdo_oat_...'
  Refresh it:
    curl %s/oauth/token -H 'Content-Type: application/json' -d '{"grant_type":"refresh_token",
      "refresh_token":"vdo_ort_...","client_id":"vdo_client_abc123","client_secret":"vdo_secret_xyz789"}'
  Revoke it:
    curl %s/oauth/revoke -H 'Content-Type: application/json' -d '{"token":"vdo_ort_..."}'
  Introspect one, as a resource server:
    curl %s/oauth/introspect -u vdo_client_resource123:vdo_secret_resource789 -d token=vdo_oat_...

  Ctrl-C stops it; the data stays.

`, took.Milliseconds(), demo, c.PublicURL, keyLine(apiKey, api), c.GRPCAddr, c.AdminAddr, c.DataDir, api, api, api, api)
}

// keyLine prints the development key on the start that generated it; only its hash is stored.
func keyLine(apiKey secret.String, api string) string {
	if apiKey.IsZero() {
		return "of ws_acme: it was printed at the first start; a start without the data folder generates another"
	}
	key := apiKey.Reveal()
	return key + " (of ws_acme; printed only now)\n" +
		"    curl " + api + "/v1/videos -H 'Authorization: Bearer " + key + "'"
}
