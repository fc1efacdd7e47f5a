package e2e

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestCase14_NothingMakesTheServerDialOut: the server never connects to an address in a request. The
// one exception is the document of a client that the operator accepts, which these are not; tests of
// package fetch and TestN5_2 have its limits, and without such documents no client_id is requested.
func TestCase14_NothingMakesTheServerDialOut(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	expect.NoError(t, err)
	dialled := make(chan struct{}, 1)
	go func() {
		if conn, err := lis.Accept(); err == nil {
			dialled <- struct{}{}
			_ = conn.Close()
		}
	}()
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		here := lis.Addr().String()
		for _, change := range []map[string]string{
			{"client_id": "https://user@" + here + "/meta.json"},
			{"client_id": "https://" + here},
			{"client_id": "http://" + here + "/%2e%2e/meta.json"},
			{"client_id": "http://169.254.169.254/latest/"},
		} {
			expect.ErrorPage(t, change["client_id"], authorize(t, b, change))
		}
		for _, uri := range []string{"http://" + here + "/ro", "gopher://" + here + "/_FLUSHALL"} {
			wantRedirectError(t, d, uri, authorize(t, b, map[string]string{"request_uri": uri}), "request_uri_not_supported")
		}
	})
	without := shared.OwnAllInOne(t, map[string]string{"USHER_CLIENT_DOCUMENTS_MODE": "off"})
	for _, scheme := range []string{"https", "http"} {
		address := scheme + "://" + lis.Addr().String() + "/meta.json"
		expect.ErrorPage(t, address, authorize(t, without.NewBrowser(), map[string]string{"client_id": address}))
	}
	expect.NoError(t, lis.Close())
	select {
	case <-dialled:
		t.Error("the server connected to an address in a request")
	default:
	}
}

// TestCase50_ClientAuthenticationPrecedesReuse: a rotated refresh token without the client's
// credentials revokes nothing.
func TestCase50_ClientAuthenticationPrecedesReuse(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		next, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		for name, change := range map[string]map[string]any{
			"a wrong secret":          {"client_secret": "vdo_secret_nope"},
			"no secret":               {"client_secret": nil},
			"another client":          {"client_id": harness.PublicID, "client_secret": nil},
			"another client's secret": {"client_id": harness.ResourceID, "client_secret": harness.ResourcePW},
		} {
			a, err := d.JSON("/oauth/token", harness.RefreshRequest(tokens.Refresh, change))
			expect.NoError(t, err)
			if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		expect.Active(t, d, next.Text("access_token"), true)
		a, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		expect.Active(t, d, next.Text("access_token"), false)
	})
}

// TestCase62_ClientErrorsDoNotTellClientsApart: every failed client authentication has the same
// body.
func TestCase62_ClientErrorsDoNotTellClientsApart(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		var first harness.Response
		for i, change := range []map[string]any{
			{"client_id": "vdo_client_nobody"},
			{"client_secret": "vdo_secret_nope"},
			{"client_secret": nil},
			{"client_id": harness.PublicID, "client_secret": "vdo_secret_nope"},
			{"client_id": "no such form"},
			{"client_id": strings.Repeat("x", 5000)},
		} {
			a, err := d.JSON("/oauth/token", harness.RefreshRequest("vdo_ort_x", change))
			expect.NoError(t, err)
			if i == 0 {
				first = a
			}
			if a.Status != http.StatusUnauthorized || a.Raw != first.Raw {
				t.Errorf("%v: %d %s, want the response for an unknown client: %s", change, a.Status, a.Raw, first.Raw)
			}
		}
	})
}

// TestCase63_SuccessHasNothingExtra: the response has no internal or gRPC header and no cookie, and
// headers of gRPC change nothing. A malformed DPoP proof refuses the request, and spends nothing.
func TestCase63_SuccessHasNothingExtra(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		form := url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh},
			"client_id": {harness.ConfidentialID}, "client_secret": {harness.ConfidentialPW},
		}
		send := func(more ...string) harness.Response {
			req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token?scope=admin&client_id=x", strings.NewReader(form.Encode()))
			expect.NoError(t, err)
			headers := append(more, "Content-Type", "application/x-www-form-urlencoded", "Grpc-Timeout", "1n", "Grpc-Metadata-Authorization", "Basic eDp5")
			for i := 0; i < len(headers); i += 2 {
				req.Header.Set(headers[i], headers[i+1])
			}
			a, err := harness.Send(req)
			expect.NoError(t, err)
			return a
		}
		malformed := send("DPoP", "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.x")
		expect.Equal(t, "error of a malformed proof", malformed.Body["error"], any("invalid_dpop_proof"))
		a := send()
		expect.Tokens(t, a, harness.FullScope)
		for name := range a.Header {
			if strings.HasPrefix(name, "Grpc") || name == "Set-Cookie" || name == "Server" {
				t.Errorf("the response has the header %s", name)
			}
		}
	})
}

// TestCase100_EveryMethodKnowsItsCaller: at the token service's port, a resource server may only
// introspect; the names of other services and forged metadata change nothing. Reflection is on in
// the development profile.
func TestCase100_EveryMethodKnowsItsCaller(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		refused := func(what string, err error, want codes.Code) {
			if status.Code(err) != want {
				t.Errorf("%s: %v, want %s", what, err, want)
			}
		}
		denied := func(what string, err error) { refused(what, err, codes.PermissionDenied) }
		dial := func(caller string) *grpc.ClientConn {
			conn, err := d.Dial(caller, "token")
			expect.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}
		api := dial("video-api")
		_, err := tokenv1.NewOAuthServiceClient(api).IssueToken(t.Context(), &tokenv1.IssueTokenRequest{})
		denied("a resource server issuing tokens", err)
		_, err = tokenv1.NewGrantServiceClient(api).EndConnection(t.Context(), &tokenv1.EndConnectionRequest{UserId: "usr_john", ClientId: harness.ConfidentialID})
		denied("a resource server revoking grants", err)
		_, err = authzv1.NewClientServiceClient(api).BatchGetClients(t.Context(), &authzv1.BatchGetClientsRequest{})
		refused("another service's method", err, codes.Unimplemented)
		stream, err := reflectionv1.NewServerReflectionClient(api).ServerReflectionInfo(t.Context())
		expect.NoError(t, err)
		expect.NoError(t, stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}))
		response, err := stream.Recv()
		expect.NoError(t, err)
		if len(response.GetListServicesResponse().GetService()) == 0 {
			t.Error("reflection lists nothing")
		}
		if d.AdminURLs()["token"] == "" {
			return // the all-in-one's local port does not authenticate callers
		}
		_, err = tokenv1.NewIntrospectionServiceClient(dial("stranger")).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: "x"})
		denied("a stranger introspecting", err)
		_, err = tokenv1.NewOAuthServiceClient(dial("consent")).IssueToken(t.Context(), &tokenv1.IssueTokenRequest{})
		denied("consent issuing tokens", err)
	})
}

// TestFault_D6_AClientThatVerifiesAHostNameConnects: TLS clients in other languages verify the DNS
// name of the certificate.
func TestFault_D6_AClientThatVerifiesAHostNameConnects(t *testing.T) {
	d := shared.Processes()
	config, err := d.TLS("video-api", "token")
	expect.NoError(t, err)
	config.InsecureSkipVerify, config.VerifyPeerCertificate = false, nil
	config.ServerName = "localhost"
	conn, err := grpc.NewClient("passthrough:///"+d.GRPCAddr("token"), grpc.WithTransportCredentials(credentials.NewTLS(config)))
	expect.NoError(t, err)
	defer conn.Close()
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: tokens.Access})
	expect.NoError(t, err)
	if !res.GetActive() {
		t.Error("the token is not active")
	}
}
