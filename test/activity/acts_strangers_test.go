package activity

import (
	"net/http"
	"strings"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// The kinds of actors that are neither a user nor an operator.
const (
	client  = "ACTOR_KIND_CLIENT"
	service = "ACTOR_KIND_SERVICE"
)

// grantLimit is the setting `token.grant_limit` of the deployments.
const grantLimit = 20

// strangers makes the acts that reach no RPC of an operator or of a session: those of a client that registers
// itself, of a client with a code or a token, and of a user who is not signed in.
func (a *acts) strangers() {
	a.registrations()
	a.tokens()

	b := a.d.NewBrowser()
	page, err := b.Follow(b.Get("/account"))
	expect.NoError(a.t, err)
	_, err = b.SignIn(page, a.admin.email, "a wrong password")
	expect.NoError(a.t, err)
	a.want = append(a.want, wanted{kind: "user.sign_in_failed", user: a.admin.id, actor: service}) // counted, of no one request

	signedIn, err := a.d.UserAPI(http.MethodPost, "/api/v1/user/authenticate", "", `{"emailAddress":"`+a.admin.email+`","password":"`+harness.UserPassword+`"}`)
	expect.NoError(a.t, err)
	token := strings.Trim(signedIn.Raw, "\"\n")
	a.d.RecordSecret("user token", token)
	_, err = a.d.UserAPI(http.MethodPost, "/api/v1/user/logout", token, "")
	expect.NoError(a.t, err)
	a.want = append(a.want,
		wanted{kind: "user_token.issued", user: a.admin.id, by: a.admin.id, browser: "Go-http-client/1.1"}, wanted{kind: "user_token.revoked", user: a.admin.id, by: a.admin.id})
}

// registrations registers a client over HTTP, changes and deletes it.
func (a *acts) registrations() {
	manage := func(method, address, token, body string) harness.Response {
		a.t.Helper()
		req, err := http.NewRequestWithContext(a.t.Context(), method, address, strings.NewReader(body))
		expect.NoError(a.t, err)
		req.Header.Set("Content-Type", jsonMedia)
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := harness.Send(req)
		expect.NoError(a.t, err)
		if res.Status >= http.StatusBadRequest {
			a.t.Fatalf("%s %s: %d %s", method, address, res.Status, res.Raw)
		}
		for _, name := range []string{"client_secret", "registration_access_token"} {
			a.d.RecordSecret(name, res.Text(name))
		}
		return res
	}
	const metadata = `"redirect_uris":["https://acts.example/cb"],"token_endpoint_auth_method":"none","scope":"videos:read"`
	made := manage(http.MethodPost, a.d.PublicURL+"/oauth/register", "", `{"client_name":"Acts",`+metadata+`}`)
	id, uri, token := made.Text("client_id"), made.Text("registration_client_uri"), made.Text("registration_access_token")
	changed := manage(http.MethodPut, uri, token, `{"client_id":"`+id+`","client_name":"Changed",`+metadata+`}`)
	if next := changed.Text("registration_access_token"); next != "" {
		token = next
	}
	manage(http.MethodDelete, uri, token, "")
	a.want = append(a.want,
		wanted{kind: "client.registered", client: id, actor: client},
		wanted{kind: "client.registration_changed", client: id, actor: client, field: "name", before: "Acts", after: "Changed"},
		wanted{kind: "client.registration_deleted", client: id, actor: client})
}

// tokens has a client reach the limit of its grants, and use a code twice.
func (a *acts) tokens() {
	b := a.d.NewBrowser()
	res := as[*authzv1.CreateClientResponse](a.t, a.must(a.t, "operator", "authz.v1.AdministrationService/CreateClient", &authzv1.CreateClientRequest{
		Name: "Limited", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{harness.CallbackURI}, Scopes: []string{"videos:read"},
	}))
	id, user := res.GetRegistration().GetClient().GetClientId(), a.admin.id
	request := harness.Request{ClientID: id, Scope: "videos:read", Verifier: harness.NewVerifier(), Email: a.admin.email, Workspace: a.workspace}
	var code string
	for range grantLimit + 1 {
		var err error
		code, err = b.Approve(request)
		expect.NoError(a.t, err)
		exchanged, err := a.d.Exchange(code, request)
		expect.NoError(a.t, err)
		expect.Equal(a.t, "status of the exchange", exchanged.Status, http.StatusOK)
	}
	_, err := a.d.Exchange(code, request)
	expect.NoError(a.t, err)
	a.want = append(a.want,
		wanted{kind: "client.created", client: id, field: "name", after: "Limited"},
		wanted{kind: "grant.limit_reached", client: id, user: user, workspace: a.workspace, actor: client},
		wanted{kind: "grant.code_replayed", client: id, user: user, workspace: a.workspace, actor: client})
}
