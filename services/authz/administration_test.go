package authz_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// registration is a valid registration request.
func registration() *authzv1.CreateClientRequest {
	return &authzv1.CreateClientRequest{
		Name: " Exporter ", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{callback, "http://127.0.0.1/cb"},
		Scopes: []string{"videos:read", "export:write"}, GrantTypes: []string{"authorization_code", "refresh_token"},
	}
}

func (b *bench) operator(t *testing.T) authzv1.AdministrationServiceClient {
	t.Helper()
	return authzv1.NewAdministrationServiceClient(dial(t, b.network, "operator", "authz"))
}

func (b *bench) register(t *testing.T, req *authzv1.CreateClientRequest) (id, clear string) {
	t.Helper()
	res, err := b.operator(t).CreateClient(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res.GetRegistration().GetClient().GetClientId(), res.GetClientSecret()
}

// proves reports whether a client can authenticate with this secret.
func (b *bench) proves(t *testing.T, id, proof string) bool {
	t.Helper()
	_, err := b.clients.AuthenticateClient(t.Context(), authenticate(id, proof))
	if err != nil && oerr.Reason(err) != errorv1.Reason_REASON_INVALID_CLIENT {
		t.Fatal(err)
	}
	return err == nil
}

func TestARegisteredClientAuthenticatesAndAuthorizesAsItWasRegistered(t *testing.T) {
	b := newBench(t)
	id, clear := b.register(t, registration())
	if !secret.Valid(secret.ClientSecret, clear) || !b.proves(t, id, clear) || b.proves(t, id, "") {
		t.Errorf("%s does not authenticate with its secret alone", id)
	}
	res, err := b.operator(t).FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
	want := &authzv1.Registration{
		Client: &authzv1.Client{
			ClientId: id, Name: "Exporter", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, GrantTypes: registration().GetGrantTypes(),
			Reuse: authzv1.Reuse_REUSE_SUBJECT,
		},
		RedirectUris: registration().GetRedirectUris(), Scopes: registration().GetScopes(), Identity: &authzv1.AppIdentity{Verified: true},
		Secrets:     []*authzv1.ClientSecret{{LastFour: clear[len(clear)-4:]}},
		SubjectType: authzv1.SubjectType_SUBJECT_TYPE_PUBLIC, Status: authzv1.ClientStatus_CLIENT_STATUS_LIVE,
	}
	if diff := cmp.Diff(want, res.GetRegistration(), protocmp.Transform(), protocmp.IgnoreFields(want, "create_time"),
		protocmp.IgnoreFields(&authzv1.ClientSecret{}, "create_time", "secret_id")); err != nil || diff != "" || strings.Contains(res.String(), clear) {
		t.Errorf("%v, the client (-want +got):\n%s", err, diff)
	}
	public := registration()
	public.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC
	native, none := b.register(t, public)
	if none != "" || !b.proves(t, native, "") || b.proves(t, native, "x") {
		t.Errorf("a public client has the secret %q", none)
	}
	for scope, want := range map[string]bool{"videos:read": true, "export:write videos:read": true, "jobs:read": false} {
		step := b.start(t, authztest.NativeQuery("client_id", native, "redirect_uri", callback, "scope", scope), "john")
		if (step.GetConsent() != nil) != want {
			t.Errorf("requesting %q leads to %v", scope, step)
		}
	}
}

func TestAnInvalidFieldIsNamed(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	id, _ := b.register(t, registration())
	for what, row := range map[string]struct {
		field  string
		change func(r *authzv1.CreateClientRequest)
	}{
		"no name":                   {"name", func(r *authzv1.CreateClientRequest) { r.Name = "  " }},
		"a name that turns text":    {"name", func(r *authzv1.CreateClientRequest) { r.Name = "a\u202eb" }},
		"a name without end":        {"name", func(r *authzv1.CreateClientRequest) { r.Name = strings.Repeat("é", 101) }},
		"http elsewhere":            {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{callback, "http://yourapp.com/cb"} }},
		"a fragment":                {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{callback + "#x"} }},
		"a wildcard":                {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{"https://*.yourapp.com/cb"} }},
		"a scheme that runs":        {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{"javascript:/alert(1)"} }},
		"an own scheme's fragment":  {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{"com.example.app:/cb#x"} }},
		"an own scheme's user":      {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{"com.example.app://u@h/cb"} }},
		"a response parameter":      {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{callback + "?code=x"} }},
		"an address twice":          {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = []string{callback, callback} }},
		"no address":                {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = nil }},
		"too many addresses":        {"redirect_uris", func(r *authzv1.CreateClientRequest) { r.RedirectUris = make([]string, 21) }},
		"an unknown scope":          {"scopes", func(r *authzv1.CreateClientRequest) { r.Scopes = []string{"videos:raed"} }},
		"a scope twice":             {"scopes", func(r *authzv1.CreateClientRequest) { r.Scopes = []string{"videos:read", "videos:read"} }},
		"two scopes as one":         {"scopes", func(r *authzv1.CreateClientRequest) { r.Scopes = []string{"videos:read jobs:read"} }},
		"no scope":                  {"scopes", func(r *authzv1.CreateClientRequest) { r.Scopes = nil }},
		"an unknown grant":          {"grant_types", func(r *authzv1.CreateClientRequest) { r.GrantTypes = []string{"password"} }},
		"a negative retry window":   {"refresh_retry_seconds", func(r *authzv1.CreateClientRequest) { r.RefreshRetrySeconds = proto.Int32(-1) }},
		"a retry window of a day":   {"refresh_retry_seconds", func(r *authzv1.CreateClientRequest) { r.RefreshRetrySeconds = proto.Int32(86400) }},
		"refresh tokens of nothing": {"grant_types", func(r *authzv1.CreateClientRequest) { r.GrantTypes = []string{"refresh_token"} }},
	} {
		req := registration()
		row.change(req)
		_, err := operator.CreateClient(t.Context(), req)
		wantFieldReason(t, what, err, row.field)
		if len(req.GetRedirectUris())*len(req.GetScopes()) == 0 || strings.TrimSpace(req.GetName()) == "" {
			continue // in an update, empty fields stay unchanged
		}
		_, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{
			ClientId: id, Name: &req.Name, RedirectUris: req.GetRedirectUris(), Scopes: req.GetScopes(), GrantTypes: req.GetGrantTypes(),
			RefreshRetrySeconds: req.RefreshRetrySeconds,
		})
		wantFieldReason(t, "changing to "+what, err, row.field)
	}
	for what, req := range map[string]*authzv1.CreateClientRequest{
		"type":            {Name: "x", RedirectUris: []string{callback}, Scopes: []string{"videos:read"}, GrantTypes: []string{"authorization_code"}},
		"resource_server": {Name: "x", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, ResourceServer: true},
	} {
		_, err := operator.CreateClient(t.Context(), req)
		wantFieldReason(t, what, err, what)
	}
	server, empty := true, ""
	native := registration()
	native.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC
	public, _ := b.register(t, native)
	_, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: public, ResourceServer: &server})
	wantFieldReason(t, "a public client that becomes a resource server", err, "resource_server")
	_, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{
		ClientId: id, RefreshRetrySeconds: proto.Int32(5), DefaultRefreshRetry: true,
	})
	wantFieldReason(t, "a retry window that is set and removed", err, "refresh_retry_seconds")
	_, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Name: &empty})
	wantFieldReason(t, "an empty name", err, "name")
	taken := registration()
	taken.ClientId = id
	_, err = operator.CreateClient(t.Context(), taken)
	wantReason(t, "a taken identifier", err, errorv1.Reason_REASON_ALREADY_EXISTS)
}

func TestAClientMayHaveAPrivateUseScheme(t *testing.T) {
	b := newBench(t)
	req := registration()
	req.RedirectUris, req.Type = []string{"com.example.app:/cb"}, authzv1.ClientType_CLIENT_TYPE_PUBLIC
	id, _ := b.register(t, req)
	if step := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", "com.example.app:/cb"), "john"); step.GetConsent() == nil {
		t.Errorf("it leads to %v", step)
	}
}

func wantFieldReason(t *testing.T, what string, err error, field string) {
	t.Helper()
	wantReason(t, what, err, errorv1.Reason_REASON_INVALID_REQUEST)
	if oerr.Field(err) != field {
		t.Errorf("%s: %v names %q, want %q", what, err, oerr.Field(err), field)
	}
}

func TestAnUpdateTakesEffectAtOnceAndLeavesTheRest(t *testing.T) {
	b := newBench(t)
	id, clear := b.register(t, registration())
	res, err := b.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{
		ClientId: id, Scopes: []string{"jobs:read"}, RedirectUris: []string{"https://other.test/cb"}, GrantTypes: []string{"authorization_code"},
	})
	registered := res.GetRegistration()
	if err != nil || registered.GetClient().GetName() != "Exporter" || strings.Join(registered.GetScopes(), " ") != "jobs:read" ||
		strings.Join(registered.GetClient().GetGrantTypes(), " ") != "authorization_code" || !b.proves(t, id, clear) {
		t.Errorf("%v, the client is %v", err, registered)
	}
	for uri, want := range map[string]bool{callback: false, "https://other.test/cb": true} {
		step := b.start(t, authztest.Query("client_id", id, "redirect_uri", uri, "scope", "jobs:read"), "john")
		if (step.GetConsent() != nil) != want {
			t.Errorf("%s leads to %v", uri, step)
		}
	}
}

func TestTwoSecretsAreValidDuringARotationAndTheOldOneExpiresOnDemand(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	id, first := b.register(t, registration())
	rotate := func(overlap time.Duration) string {
		t.Helper()
		res, err := operator.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: id, OverlapSeconds: int64(overlap / time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		return res.GetClientSecret()
	}
	want := func(when string, counts map[string]bool) {
		t.Helper()
		for proof, ok := range counts {
			if b.proves(t, id, proof) != ok {
				t.Errorf("%s: …%s counts: %t", when, proof[len(proof)-4:], !ok)
			}
		}
	}
	second := rotate(720 * time.Hour)
	want("during the overlap", map[string]bool{first: true, second: true})
	third := rotate(time.Hour)
	want("after another rotation", map[string]bool{first: false, second: true, third: true})
	res, err := operator.RevokePreviousClientSecret(t.Context(), &authzv1.RevokePreviousClientSecretRequest{ClientId: id})
	if err != nil || len(res.GetRegistration().GetSecrets()) != 1 {
		t.Errorf("%v, %v", res, err)
	}
	want("after its end", map[string]bool{second: false, third: true})
	fourth := rotate(0)
	want("without an overlap", map[string]bool{third: false, fourth: true})
	for _, seconds := range []int64{-1, 30*24*3600 + 1, 1 << 62} {
		_, err := operator.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: id, OverlapSeconds: seconds})
		wantFieldReason(t, fmt.Sprint(seconds), err, "overlap_seconds")
	}
	const public = "vdo_client_public123"
	_, rotated := operator.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: public})
	_, revoked := operator.RevokePreviousClientSecret(t.Context(), &authzv1.RevokePreviousClientSecretRequest{ClientId: public})
	for name, err := range map[string]error{"RotateClientSecret": rotated, "RevokePreviousClientSecret": revoked} {
		wantReason(t, name+" of a public client", err, errorv1.Reason_REASON_NOT_FOUND)
		if text := oerr.Message(err); !strings.Contains(text, "is a public client, which has no secret") {
			t.Errorf("%s of a public client: %q", name, text)
		}
	}
}

func TestADisabledClientIsRefusedUntilItIsEnabled(t *testing.T) {
	b := newBench(t)
	id, clear := b.register(t, registration())
	query := authztest.Query("client_id", id, "redirect_uri", callback)
	pending := b.start(t, query, "john").GetConsent().GetRequestId()
	b.bind(t, pending)
	change := authzv1.NewAdministrationServiceClient(dial(t, b.network, "token", "authz"))
	if _, err := change.ApplyDisableClient(t.Context(), &authzv1.ApplyDisableClientRequest{ClientId: id}); err != nil {
		t.Fatal(err)
	}
	if b.proves(t, id, clear) || b.start(t, query, "john").GetErrorPage() == nil {
		t.Error("a disabled client authenticates or authorizes")
	}
	_, err := b.decisions.CompleteAuthorization(t.Context(), b.approval(pending))
	wantReason(t, "an open consent page", err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	if _, err := b.operator(t).EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: id}); err != nil || !b.proves(t, id, clear) {
		t.Errorf("enabled: %v", err)
	}
}

func TestAnUnknownClientIsNotFoundByAnyMethod(t *testing.T) {
	b := newBench(t)
	operator, change := b.operator(t), authzv1.NewAdministrationServiceClient(dial(t, b.network, "token", "authz"))
	name := "x"
	for _, id := range []string{"", "vdo_client_nobody", "https://evil.test/\x00"} {
		want := errorv1.Reason_REASON_NOT_FOUND
		if id == "" {
			want = errorv1.Reason_REASON_INVALID_REQUEST
		}
		_, err := operator.FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
		wantReason(t, "FindClient "+id, err, want)
		_, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Name: &name})
		wantReason(t, "UpdateClient "+id, err, want)
		_, err = operator.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: id})
		wantReason(t, "RotateClientSecret "+id, err, want)
		_, err = operator.RevokePreviousClientSecret(t.Context(), &authzv1.RevokePreviousClientSecretRequest{ClientId: id})
		wantReason(t, "RevokePreviousClientSecret "+id, err, want)
		_, err = operator.EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: id})
		wantReason(t, "EnableClient "+id, err, want)
		_, err = change.ApplyDisableClient(t.Context(), &authzv1.ApplyDisableClientRequest{ClientId: id})
		wantReason(t, "ApplyDisableClient "+id, err, want)
	}
}

func TestClientsAreListedByNameAPageAtATime(t *testing.T) {
	b := newBench(t)
	var names []string
	for token, more := "", true; more; more = token != "" {
		page, err := b.operator(t).ListClients(t.Context(), &authzv1.ListClientsRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, registered := range page.GetRegistrations() {
			names = append(names, registered.GetClient().GetName())
		}
		token = page.GetNextPageToken()
	}
	if got := strings.Join(names, ", "); got != "Example App, Example Public App, Example Resource Server, Example TV App" {
		t.Errorf("the clients are %s", got)
	}
}

func TestFault_A10_TheProductsNameIsReserved(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"Vidocu", "Vid\u043ecu Support", "VlDOCU"} {
		req := registration()
		req.Name = name
		_, err := b.operator(t).CreateClient(t.Context(), req)
		wantReason(t, name, err, errorv1.Reason_REASON_INVALID_REQUEST)
		if oerr.Field(err) != "name" || !strings.Contains(oerr.Message(err), `looks like "Vidocu", which is reserved`) {
			t.Errorf("%s: %v", name, err)
		}
		req.AllowReservedName = true
		if _, err := b.operator(t).CreateClient(t.Context(), req); err != nil {
			t.Errorf("%s of the operator's own client: %v", name, err)
		}
		req = registration()
		id, _ := b.register(t, req)
		update := &authzv1.UpdateClientRequest{ClientId: id, Name: &name}
		_, err = b.operator(t).UpdateClient(t.Context(), update)
		wantReason(t, "another name, "+name, err, errorv1.Reason_REASON_INVALID_REQUEST)
		update.AllowReservedName = true
		if _, err := b.operator(t).UpdateClient(t.Context(), update); err != nil {
			t.Errorf("another name, %s, of the operator's own client: %v", name, err)
		}
		scopes := &authzv1.UpdateClientRequest{ClientId: id, Scopes: []string{"videos:read"}}
		if _, err := b.operator(t).UpdateClient(t.Context(), scopes); err != nil {
			t.Errorf("a change that leaves the name: %v", err)
		}
	}
}

// TestFault_D10_AClientsRetryWindowIsRegistered: authentication, which the token service asks for
// with every refresh, returns it from the change on.
func TestFault_D10_AClientsRetryWindowIsRegistered(t *testing.T) {
	b := newBench(t)
	req := registration()
	req.RefreshRetrySeconds = proto.Int32(10)
	id, clear := b.register(t, req)
	wants := func(want *int32) {
		t.Helper()
		authenticated, err := b.clients.AuthenticateClient(t.Context(), authenticate(id, clear))
		if err != nil {
			t.Fatal(err)
		}
		found, err := b.operator(t).FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []*authzv1.Client{authenticated.GetClient(), found.GetRegistration().GetClient()} {
			if diff := cmp.Diff(want, got.RefreshRetrySeconds); diff != "" {
				t.Errorf("the retry window (-want +got):\n%s", diff)
			}
		}
	}
	wants(proto.Int32(10))
	for _, step := range []struct {
		change *authzv1.UpdateClientRequest
		want   *int32
	}{
		{&authzv1.UpdateClientRequest{ClientId: id, Name: proto.String("Renamed")}, proto.Int32(10)},
		{&authzv1.UpdateClientRequest{ClientId: id, RefreshRetrySeconds: proto.Int32(0)}, proto.Int32(0)},
		{&authzv1.UpdateClientRequest{ClientId: id, RefreshRetrySeconds: proto.Int32(30)}, proto.Int32(30)},
		{&authzv1.UpdateClientRequest{ClientId: id, DefaultRefreshRetry: true}, nil},
	} {
		if _, err := b.operator(t).UpdateClient(t.Context(), step.change); err != nil {
			t.Fatal(err)
		}
		wants(step.want)
	}
}
