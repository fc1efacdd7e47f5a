package activity

import (
	"bytes"
	"image"
	"image/png"
	"slices"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// logo returns an image.
func (a *acts) logo() []byte {
	a.t.Helper()
	var upload bytes.Buffer
	expect.NoError(a.t, png.Encode(&upload, image.NewGray(image.Rect(0, 0, 32, 32))))
	return upload.Bytes()
}

// register registers a confidential client through the console, and returns it.
func (a *acts) register(change ...func(*authzv1.CreateClientRequest)) *authzv1.Registration {
	a.t.Helper()
	req := &authzv1.CreateClientRequest{
		Name: "Acts", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{harness.CallbackURI}, Scopes: []string{"videos:read", "jobs:read"},
	}
	for _, edit := range change {
		edit(req)
	}
	res := a.do("authz.v1.ConsoleService/CreateApp", &authzv1.CreateAppRequest{SessionToken: a.developer.session, WorkspaceId: a.workspace, Client: req})
	app := as[*authzv1.CreateAppResponse](a.t, res)
	a.d.RecordSecret("client_secret", app.GetClientSecret())
	a.want = append(a.want, wanted{
		kind: "client.created", client: app.GetApp().GetRegistration().GetClient().GetClientId(), workspace: a.workspace, by: a.developer.id,
		field: "owner", after: a.workspace,
	})
	return app.GetApp().GetRegistration()
}

// console makes the acts of the developer console, and of the review.
func (a *acts) console() {
	const service = "authz.v1.ConsoleService/"
	session, by := a.developer.session, a.developer.id
	a.clientID = a.register().GetClient().GetClientId()
	changed := func(kind, field, before, after string) wanted {
		return wanted{kind: kind, client: a.clientID, workspace: a.workspace, by: by, field: field, before: before, after: after}
	}
	a.do(service+"UpdateApp", &authzv1.UpdateAppRequest{SessionToken: session, Change: &authzv1.UpdateClientRequest{ClientId: a.clientID, Purpose: proto.String("Tests")}},
		changed("client.updated", "purpose", "", "Tests"))
	a.do(service+"SetAppLogo", &authzv1.SetAppLogoRequest{SessionToken: session, ClientId: a.clientID, Image: a.logo()})
	logo := a.registration().GetIdentity().GetLogo()
	a.want = append(a.want, changed("client.logo_set", "logo", "", logo))
	a.do(service+"AddAppRedirectUri", &authzv1.AddAppRedirectUriRequest{SessionToken: session, ClientId: a.clientID, RedirectUri: "https://b.example/cb"},
		changed("client.redirect_uri_added", "redirect_uris", harness.CallbackURI, "https://b.example/cb\n"+harness.CallbackURI))
	a.do(service+"RemoveAppRedirectUri", &authzv1.RemoveAppRedirectUriRequest{SessionToken: session, ClientId: a.clientID, RedirectUri: "https://b.example/cb"},
		changed("client.redirect_uri_removed", "redirect_uris", "https://b.example/cb\n"+harness.CallbackURI, harness.CallbackURI))
	a.do(service+"AddAppTester", &authzv1.AddAppTesterRequest{SessionToken: session, ClientId: a.clientID, EmailAddress: "tester@example.com"},
		changed("client.tester_added", "testers", "", "1"))
	a.do(service+"RemoveAppTester", &authzv1.RemoveAppTesterRequest{SessionToken: session, ClientId: a.clientID, EmailAddress: "tester@example.com"},
		changed("client.tester_removed", "testers", "1", ""))

	first := a.registration().GetSecrets()[0]
	res := a.do(service+"CreateAppSecret", &authzv1.CreateAppSecretRequest{
		SessionToken: session, ClientId: a.clientID, NewestSecretId: first.GetSecretId(), OverlapSeconds: 3600,
	})
	a.d.RecordSecret("client_secret", as[*authzv1.CreateAppSecretResponse](a.t, res).GetClientSecret())
	second := a.registration().GetSecrets()[0]
	sorted := func(texts ...string) string {
		slices.Sort(texts)
		return texts[0] + "\n" + texts[1]
	}
	one, two := "…"+first.GetLastFour(), "…"+second.GetLastFour()
	a.do(service+"RemoveAppSecret", &authzv1.RemoveAppSecretRequest{SessionToken: session, ClientId: a.clientID, SecretId: first.GetSecretId()})
	a.want = append(a.want,
		changed("client.secret_rotated", "secrets", one, sorted(one+" (ending)", two)),
		changed("client.secret_removed", "secrets", sorted(one+" (ending)", two), two))

	for _, row := range []struct {
		withdraw      bool
		kind          string
		before, after string
	}{{false, "client.submitted", "draft", "submitted"}, {true, "client.withdrawn", "submitted", "draft"}, {false, "client.submitted", "draft", "submitted"}} {
		a.do(service+"SubmitApp", &authzv1.SubmitAppRequest{SessionToken: session, ClientId: a.clientID, Withdraw: row.withdraw},
			changed(row.kind, "publication", row.before, row.after))
	}
	a.review()
	a.appKeys()
}

// review makes the operator's decisions about the client of the workspace.
func (a *acts) review() {
	const review = "authz.v1.ReviewService/ReviewClient"
	reviewed := func(kind, before, after string) wanted {
		return wanted{kind: kind, client: a.clientID, workspace: a.workspace, field: "publication", before: before, after: after}
	}
	a.do(review, &authzv1.ReviewClientRequest{ClientId: a.clientID, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_REFUSE, Note: "No"},
		reviewed("client.refused", "submitted", "draft"))
	a.do("authz.v1.ConsoleService/SubmitApp", &authzv1.SubmitAppRequest{SessionToken: a.developer.session, ClientId: a.clientID})
	a.want = append(a.want, wanted{
		kind: "client.submitted", client: a.clientID, workspace: a.workspace, by: a.developer.id, field: "publication", before: "draft", after: "submitted",
	})
	a.do(review, &authzv1.ReviewClientRequest{ClientId: a.clientID, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, Verified: true},
		reviewed("client.approved", "submitted", "live"))
	a.do("token.v1.EndingService/SuspendClient", &tokenv1.SuspendClientRequest{ClientId: a.clientID, Note: "Stop"},
		reviewed("client.suspended", "live", "suspended"))
	a.do(review, &authzv1.ReviewClientRequest{ClientId: a.clientID, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE},
		reviewed("client.approved", "suspended", "live"))
}

func (a *acts) registration() *authzv1.Registration {
	res := a.must(a.t, "operator", "authz.v1.AdministrationService/FindClient", &authzv1.FindClientRequest{ClientId: a.clientID})
	return as[*authzv1.FindClientResponse](a.t, res).GetRegistration()
}

// appKeys makes the acts about the keys of a client of the workspace.
func (a *acts) appKeys() {
	const service = "authz.v1.ConsoleService/"
	id := a.register(func(r *authzv1.CreateClientRequest) { r.Jwks = josetest.Set(josetest.New(a.t, "ES256", "one")) }).GetClient().GetClientId()
	a.do(service+"AddAppKey", &authzv1.AddAppKeyRequest{SessionToken: a.developer.session, Key: &authzv1.AddClientKeyRequest{ClientId: id, Jwk: jwk(a.t, "two"), Name: "Second"}},
		wanted{kind: "client.key_added", client: id, workspace: a.workspace, by: a.developer.id, field: "keys", before: "one one", after: "one one\ntwo Second"})
	a.do(service+"RemoveAppKey", &authzv1.RemoveAppKeyRequest{SessionToken: a.developer.session, ClientId: id, Kid: "one"},
		wanted{kind: "client.key_removed", client: id, workspace: a.workspace, by: a.developer.id, field: "keys", before: "one one\ntwo Second", after: "two Second"})
}

// clients makes the operator's acts about clients.
func (a *acts) clients() {
	const service, id, keyed = "authz.v1.AdministrationService/", "vdo_client_acts", "vdo_client_actskeys"
	changed := func(kind, field, before, after string) wanted {
		return wanted{kind: kind, client: id, field: field, before: before, after: after}
	}
	create := func(req *authzv1.CreateClientRequest) *authzv1.CreateClientResponse {
		req.Type, req.Scopes = authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, []string{"videos:read"}
		res := a.do(service+"CreateClient", req, wanted{kind: "client.created", client: req.GetClientId(), field: "name", after: req.GetName()})
		created := as[*authzv1.CreateClientResponse](a.t, res)
		a.d.RecordSecret("client_secret", created.GetClientSecret())
		return created
	}
	create(&authzv1.CreateClientRequest{ClientId: id, Name: "Service", GrantTypes: []string{"client_credentials"}, WorkspaceId: a.workspace})
	a.do(service+"UpdateClient", &authzv1.UpdateClientRequest{ClientId: id, Name: proto.String("Renamed")}, changed("client.updated", "name", "Service", "Renamed"))
	a.do(service+"SetClientLogo", &authzv1.SetClientLogoRequest{ClientId: harness.ResourceID})
	a.do(service+"SetClientLogo", &authzv1.SetClientLogoRequest{ClientId: id, Image: a.logo()})
	find := func() *authzv1.Registration {
		res := a.must(a.t, "operator", service+"FindClient", &authzv1.FindClientRequest{ClientId: id})
		return as[*authzv1.FindClientResponse](a.t, res).GetRegistration()
	}
	a.want = append(a.want, changed("client.logo_set", "logo", "", find().GetIdentity().GetLogo()))
	one := "…" + find().GetSecrets()[0].GetLastFour()
	res := a.do(service+"RotateClientSecret", &authzv1.RotateClientSecretRequest{ClientId: id, OverlapSeconds: 3600})
	a.d.RecordSecret("client_secret", as[*authzv1.RotateClientSecretResponse](a.t, res).GetClientSecret())
	two := "…" + find().GetSecrets()[0].GetLastFour()
	both := []string{one + " (ending)", two}
	slices.Sort(both)
	a.do(service+"RevokePreviousClientSecret", &authzv1.RevokePreviousClientSecretRequest{ClientId: id})
	a.want = append(a.want,
		changed("client.secret_rotated", "secrets", one, both[0]+"\n"+both[1]),
		changed("client.old_secret_revoked", "secrets", both[0]+"\n"+both[1], two))
	a.do("token.v1.EndingService/DisableClient", &tokenv1.DisableClientRequest{ClientId: id}, changed("client.disabled", "status", "enabled", "disabled"))
	a.do(service+"EnableClient", &authzv1.EnableClientRequest{ClientId: id}, changed("client.enabled", "status", "disabled", "enabled"))
	a.do("token.v1.EndingService/RemoveClientFromWorkspace", &tokenv1.RemoveClientFromWorkspaceRequest{ClientId: id},
		changed("client.workspace_removed", "workspace", a.workspace, ""))

	create(&authzv1.CreateClientRequest{ClientId: keyed, Name: "Keyed", RedirectUris: []string{harness.CallbackURI}, Jwks: josetest.Set(josetest.New(a.t, "ES256", "one"))})
	a.do(service+"AddClientKey", &authzv1.AddClientKeyRequest{ClientId: keyed, Jwk: jwk(a.t, "two"), Name: "Second"},
		wanted{kind: "client.key_added", client: keyed, field: "keys", before: "one one", after: "one one\ntwo Second"})
	a.do(service+"UpdateClientKey", &authzv1.UpdateClientKeyRequest{ClientId: keyed, Kid: "two", Name: proto.String("Third")},
		wanted{kind: "client.key_updated", client: keyed, field: "keys", before: "one one\ntwo Second", after: "one one\ntwo Third"})
	a.do(service+"RemoveClientKey", &authzv1.RemoveClientKeyRequest{ClientId: keyed, Kid: "one"},
		wanted{kind: "client.key_removed", client: keyed, field: "keys", before: "one one\ntwo Third", after: "two Third"})

	created := a.do("authz.v1.RegistrationService/CreateInitialAccessToken", &authzv1.CreateInitialAccessTokenRequest{Name: "Acts", Uses: 1, LifetimeSeconds: 3600})
	initial := as[*authzv1.CreateInitialAccessTokenResponse](a.t, created)
	a.d.RecordSecret("initial_access_token", initial.GetToken())
	a.do("authz.v1.RegistrationService/RevokeInitialAccessToken", &authzv1.RevokeInitialAccessTokenRequest{Id: initial.GetInitialAccessToken().GetId()})
	a.want = append(a.want,
		wanted{kind: "registration_token.created", object: initial.GetInitialAccessToken().GetId(), field: "name", after: "Acts"},
		wanted{kind: "registration_token.revoked", object: initial.GetInitialAccessToken().GetId(), field: "name", before: "Acts"})
}

// connect has the developer connect the public client of the examples in the workspace.
func (a *acts) connect() harness.Tokens {
	a.t.Helper()
	tokens, err := a.d.Issue(a.d.NewBrowser(), harness.Request{
		ClientID: harness.PublicID, Verifier: harness.NewVerifier(), Email: a.developer.email, Workspace: a.workspace,
	})
	expect.NoError(a.t, err)
	a.want = append(a.want, wanted{
		kind: "grant.approved", user: a.developer.id, workspace: a.workspace, client: harness.PublicID, by: a.developer.id, field: "scope", after: harness.FullScope,
	})
	return tokens
}

// grants makes the acts that end access of a client.
func (a *acts) grants() {
	session, by := a.developer.session, a.developer.id
	ended := func(kind, by string) wanted {
		return wanted{kind: kind, user: a.developer.id, workspace: a.workspace, client: harness.PublicID, by: by}
	}
	a.connect()
	a.do("consent.v1.ConnectedAppService/DisconnectApp", &consentv1.DisconnectAppRequest{SessionToken: session, ClientId: harness.PublicID},
		ended("grant.disconnected", by))
	a.connect()
	a.do("consent.v1.ConnectedAppService/DisconnectAppFromWorkspace",
		&consentv1.DisconnectAppFromWorkspaceRequest{SessionToken: session, ClientId: harness.PublicID, WorkspaceId: a.workspace}, ended("grant.disconnected", by))
	a.connect()
	a.do("consent.v1.ConnectedAppService/DisconnectAllApps", &consentv1.DisconnectAllAppsRequest{SessionToken: session}, ended("grant.disconnected", by))
	a.endInstallation()
	a.connect()
	end := &consentv1.EndWorkspaceAppRequest{SessionToken: a.admin.session, WorkspaceId: a.workspace, ClientId: harness.PublicID, ConfirmName: harness.PublicID}
	did := wanted{kind: "workspace.app_ended", workspace: a.workspace, client: harness.PublicID, by: a.admin.id}
	a.do("consent.v1.WorkspaceService/EndWorkspaceApp", end, ended("grant.workspace_ended", a.admin.id), did)
	a.do("consent.v1.WorkspaceService/EndWorkspaceApp", end, did) // without a connection
	a.connect()
	a.do("token.v1.EndingService/RevokeUserGrants", &tokenv1.RevokeUserGrantsRequest{UserId: a.developer.id, ClientId: harness.PublicID}, ended("grant.revoked", ""))
	a.do("token.v1.EndingService/RevokeUserGrants", &tokenv1.RevokeUserGrantsRequest{UserId: a.developer.id, ClientId: harness.PublicID}) // of which nothing is left
	tokens := a.connect()
	a.do("token.v1.EndingService/EndToken", &tokenv1.EndTokenRequest{Token: tokens.Access}, ended("grant.token_revoked", ""))
}

// endInstallation ends the only installation of a client that registered itself.
func (a *acts) endInstallation() {
	registered, err := a.d.JSON("/oauth/register", map[string]any{
		"client_name": "Shared", "redirect_uris": []string{harness.CallbackURI}, "token_endpoint_auth_method": "none", "scope": "videos:read",
	})
	expect.NoError(a.t, err)
	id := registered.Text("client_id")
	a.d.RecordSecret("registration_access_token", registered.Text("registration_access_token"))
	a.want = append(a.want, wanted{kind: "client.registered", client: id, actor: client})
	_, err = a.d.Issue(a.d.NewBrowser(), harness.Request{
		ClientID: id, Verifier: harness.NewVerifier(), Email: a.developer.email, Workspace: a.workspace, Scope: "videos:read",
	})
	expect.NoError(a.t, err)
	res := a.must(a.t, "gateway", "consent.v1.ConnectedAppService/ListConnectedApps", &consentv1.ListConnectedAppsRequest{SessionToken: a.developer.session})
	for _, app := range as[*consentv1.ListConnectedAppsResponse](a.t, res).GetApps() {
		for _, installation := range app.GetInstallations() {
			a.do("consent.v1.ConnectedAppService/EndInstallation", &consentv1.EndInstallationRequest{
				SessionToken: a.developer.session, ClientId: id, InstallationId: installation.GetInstallationId(),
			}, wanted{kind: "grant.disconnected", user: a.developer.id, workspace: a.workspace, client: id, by: a.developer.id})
		}
	}
}

// account makes a user's acts about the account.
func (a *acts) account() {
	const service, browser, source = "identity.v1.SessionService/", "Firefox", "127.0.0.1"
	p := a.newPerson(a.t, "acts-account@example.com", "", identityv1.Role_ROLE_UNSPECIFIED)
	own := func(kind, field, after string) wanted {
		return wanted{kind: kind, user: p.id, by: p.id, field: field, after: after, browser: browser}
	}
	a.do(service+"UpdateProfile", &identityv1.UpdateProfileRequest{
		SessionToken: p.session, Profile: &identityv1.Profile{FirstName: "A", LastName: "B", DisplayName: "A B", Language: "de"},
		SourceAddress: source, UserAgent: browser,
	}, own("user.profile_changed", "language", "de"))
	other := a.signIn(a.t, p)
	res := a.must(a.t, "gateway", service+"ListSessions", &identityv1.ListSessionsRequest{SessionToken: p.session})
	for _, s := range as[*identityv1.ListSessionsResponse](a.t, res).GetSessions() {
		if !s.GetCurrent() {
			a.do(service+"EndUserSession", &identityv1.EndUserSessionRequest{
				SessionToken: p.session, SessionId: s.GetSessionId(), SourceAddress: source, UserAgent: browser,
			}, own("user.session_ended", "", ""))
		}
	}
	if _, err := a.call(a.t, "gateway", service+"GetProfile", &identityv1.GetProfileRequest{SessionToken: other}); err == nil {
		a.t.Error("the other session goes on")
	}
	a.do("token.v1.PasswordService/SignOutElsewhere", &tokenv1.SignOutElsewhereRequest{SessionToken: p.session, SourceAddress: source, UserAgent: browser},
		own("user.others_signed_out", "", ""))
	a.do(service+"EndSession", &identityv1.EndSessionRequest{SessionToken: a.signIn(a.t, p), SourceAddress: source, UserAgent: browser},
		own("user.signed_out", "", ""))
	p.session = a.signIn(a.t, p)
	a.do("token.v1.PasswordService/ChangePassword", &tokenv1.ChangePasswordRequest{
		SessionToken: p.session, OldPassword: harness.UserPassword, NewPassword: "yet another long password", SourceAddress: source, UserAgent: browser,
	}, own("user.password_changed", "", ""))
}

// revocations makes the operator's act about all grants of a client.
func (a *acts) revocations() {
	a.do("token.v1.EndingService/RevokeClientGrants", &tokenv1.RevokeClientGrantsRequest{ClientId: harness.PublicID},
		wanted{kind: "grant.revoked", client: harness.PublicID})
}
