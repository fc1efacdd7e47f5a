package clients

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// connect issues tokens for a client that listens on the user's device.
func connect(t *testing.T, d *harness.Deployment, id string) harness.Response {
	t.Helper()
	r := documentRequest(id)
	code, err := d.NewBrowser().Approve(r)
	expect.NoError(t, err)
	tokens, err := d.Exchange(code, r)
	expect.NoError(t, err)
	expect.Tokens(t, tokens, "videos:read")
	return tokens
}

// TestMCPFailure_3_TwoHostsRefreshAtOnce, of a client that registered itself and of one that describes
// itself: both get the same tokens. A token whose successor was used is exactly invalid_grant.
func TestMCPFailure_3_TwoHostsRefreshAtOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		registered := registrant{d, "198.51.124.1"}.registered(t, `{"client_name":"Two Hosts","redirect_uris":["http://localhost/callback"],`+bothGrants+`}`)
		for kind, id := range map[string]string{
			"registered": registered.Text("client_id"), "described": newPublisher(t).publish(t, "/two-hosts"),
		} {
			first := connect(t, d, id).Text("refresh_token")
			at := func(source string) func() (harness.Response, error) {
				return func() (harness.Response, error) { return d.RefreshFrom(id, first, source) }
			}
			both, err := harness.Concurrently(at("203.0.113.20"), at("198.51.100.20"))
			expect.NoError(t, err)
			for _, a := range both {
				expect.Tokens(t, a, "videos:read")
				expect.Equal(t, "the tokens at the other host of a client that "+kind, a.Raw, both[0].Raw)
			}
			used, err := d.RefreshFrom(id, both[0].Text("refresh_token"), "203.0.113.20")
			expect.NoError(t, err)
			expect.Tokens(t, used, "videos:read")
			refused, err := d.RefreshFrom(id, first, "198.51.100.20")
			expect.NoError(t, err)
			expect.Equal(t, "status of a reuse", refused.Status, http.StatusBadRequest)
			expect.Equal(t, "error of a reuse", refused.Body["error"], any("invalid_grant"))
		}
	})
}

// TestMCPFailure_14_EveryWayThatTheMetadataNamesLeadsToTokens.
func TestMCPFailure_14_EveryWayThatTheMetadataNamesLeadsToTokens(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		metadata := expect.Response(t, d, http.MethodGet, "/.well-known/oauth-authorization-server")
		expect.Equal(t, "client_id_metadata_document_supported", metadata.Body["client_id_metadata_document_supported"], any(true))
		endpoint, err := url.Parse(metadata.Text("registration_endpoint"))
		expect.NoError(t, err)
		registered := registrant{d, "198.51.125.1"}.send(t, http.MethodPost, endpoint.String(), "",
			`{"client_name":"Either Way","redirect_uris":["http://localhost/callback"],`+bothGrants+`}`)
		expect.Equal(t, "status of the registration", registered.Status, http.StatusCreated)
		connect(t, d, registered.Text("client_id"))
		connect(t, d, newPublisher(t).publish(t, "/either-way"))
	})
}
