package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// clientCommands are those on clients and grants.
func clientCommands() []command {
	at := timestamppb.New(at.AsTime())
	registered := &authzv1.Registration{
		Client:       &authzv1.Client{ClientId: "vdo_client_a", Name: "An App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL},
		RedirectUris: []string{"https://app.example/callback"}, Scopes: []string{"videos:read", "jobs:read"}, CreateTime: at,
		Secrets: []*authzv1.ClientSecret{{LastFour: "wxyz", CreateTime: at}, {LastFour: "abcd", CreateTime: at, ExpireTime: at}},
	}
	unused, _ := proto.Clone(registered).(*authzv1.Registration)
	unused.UnusedScopes = []string{"jobs:read"}
	name, server, none := "Another", true, false
	grant := &tokenv1.Grant{
		GrantId: []byte("0123456789abcdef"), UserId: "usr_john", ClientId: "vdo_client_a", WorkspaceId: "ws_acme", Scopes: []string{"videos:read", "jobs:read"},
		CreateTime: at, LastUseTime: at, ExpireTime: at,
	}
	return append(append(append(keyCommands(), reviewCommands()...), workspaceCommands()...), []command{
		{
			"clients create App --redirect-uri https://app.example/callback?a=1,2 --redirect-uri com.example.app:/cb --scope videos:read,jobs:read", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL,
				RedirectUris: []string{"https://app.example/callback?a=1,2", "com.example.app:/cb"}, Scopes: []string{"videos:read", "jobs:read"},
			},
			&authzv1.CreateClientResponse{Registration: registered, ClientSecret: "secret-once"}, nil,
		},
		{
			"clients create App --public --id vdo_client_a --redirect-uri https://a.example/ --scope videos:read", "", "CreateClient",
			&authzv1.CreateClientRequest{
				ClientId: "vdo_client_a", Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC,
				RedirectUris: []string{"https://a.example/"}, Scopes: []string{"videos:read"},
			},
			&authzv1.CreateClientResponse{Registration: registered},
			[]string{"vdo_client_a", "An App"},
		},
		{
			"clients list", "", "ListClients", &authzv1.ListClientsRequest{PageSize: 100},
			&authzv1.ListClientsResponse{Registrations: []*authzv1.Registration{registered, {Client: &authzv1.Client{ClientId: "vdo_client_b"}, Disabled: true}}},
			[]string{"CLIENT", "vdo_client_a", "confidential", "enabled", "vdo_client_b", "disabled"},
		},
		{
			"clients show vdo_client_a", "", "FindClient", &authzv1.FindClientRequest{ClientId: "vdo_client_a"},
			&authzv1.FindClientResponse{Registration: unused},
			[]string{"NOT GRANTED FOR 30 DAYS", "https://app.example/callback", "videos:read jobs:read", "…wxyz, …abcd until 2026-11-24T06:30:00Z"},
		},
		{
			"clients update vdo_client_a --name Another", "", "UpdateClient", &authzv1.UpdateClientRequest{ClientId: "vdo_client_a", Name: &name},
			&authzv1.UpdateClientResponse{Registration: registered},
			[]string{"vdo_client_a"},
		},
		{
			"clients create App --redirect-uri https://a.example/ --scope videos:read --publisher Northwind --purpose Captions --client-uri https://n.example " +
				"--policy-uri https://n.example/p --tos-uri https://n.example/t --optional-scope videos:read", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{"https://a.example/"}, Scopes: []string{"videos:read"},
				Publisher: "Northwind", Purpose: "Captions", ClientUri: "https://n.example", PolicyUri: "https://n.example/p", TosUri: "https://n.example/t",
				OptionalScopes: []string{"videos:read"},
			},
			&authzv1.CreateClientResponse{Registration: registered, ClientSecret: "secret-once"}, nil,
		},
		{
			"clients update vdo_client_a --publisher Northwind --purpose= --no-optional-scope", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", Publisher: proto.String("Northwind"), Purpose: proto.String(""), ClearOptionalScopes: true},
			&authzv1.UpdateClientResponse{Registration: &authzv1.Registration{
				Client: &authzv1.Client{ClientId: "vdo_client_a"}, Identity: &authzv1.AppIdentity{Publisher: "Northwind", Logo: "0f0f"}, OptionalScopes: []string{"jobs:read"},
			}},
			[]string{"PUBLISHER", "Northwind", "LOGO", "0f0f", "OPTIONAL SCOPES", "jobs:read"},
		},
		{
			"clients logo vdo_client_a --remove", "", "SetClientLogo", &authzv1.SetClientLogoRequest{ClientId: "vdo_client_a"},
			&authzv1.SetClientLogoResponse{Registration: registered},
			[]string{"vdo_client_a"},
		},
		{
			"clients rotate-secret vdo_client_a --overlap 1h", "", "RotateClientSecret",
			&authzv1.RotateClientSecretRequest{ClientId: "vdo_client_a", OverlapSeconds: 3600},
			&authzv1.RotateClientSecretResponse{ClientSecret: "secret-once"}, nil,
		},
		{
			"clients create Report --grant-type client_credentials --workspace ws_acme --scope videos:read", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "Report", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, GrantTypes: []string{"client_credentials"}, WorkspaceId: "ws_acme",
				Scopes: []string{"videos:read"},
			},
			&authzv1.CreateClientResponse{Registration: registered, ClientSecret: "secret-once"}, nil,
		},
		{
			"clients update vdo_client_a --workspace ws_acme", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", WorkspaceId: "ws_acme"},
			&authzv1.UpdateClientResponse{Registration: &authzv1.Registration{Client: &authzv1.Client{ClientId: "vdo_client_a", WorkspaceId: "ws_acme"}}},
			[]string{"WORKSPACE", "ws_acme"},
		},
		{
			"clients remove-from-workspace vdo_client_a --yes", "", "RemoveClientFromWorkspace",
			&tokenv1.RemoveClientFromWorkspaceRequest{ClientId: "vdo_client_a"}, &tokenv1.RemoveClientFromWorkspaceResponse{},
			[]string{"vdo_client_a belongs to no workspace"},
		},
		{"clients disable vdo_client_a --yes", "", "DisableClient", &tokenv1.DisableClientRequest{ClientId: "vdo_client_a"}, &tokenv1.DisableClientResponse{}, []string{"vdo_client_a is disabled"}},
		{"clients enable vdo_client_a", "", "EnableClient", &authzv1.EnableClientRequest{ClientId: "vdo_client_a"}, &authzv1.EnableClientResponse{}, []string{"vdo_client_a is enabled"}},
		{
			"clients create API --resource-server --grant authorization_code", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "API", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, ResourceServer: true, GrantTypes: []string{"authorization_code"},
			},
			&authzv1.CreateClientResponse{Registration: registered, ClientSecret: "secret-once"}, nil,
		},
		{
			"clients update vdo_client_a --grant authorization_code --resource-server", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", GrantTypes: []string{"authorization_code"}, ResourceServer: &server},
			&authzv1.UpdateClientResponse{Registration: registered},
			[]string{"vdo_client_a"},
		},
		{
			"clients update vdo_client_a --no-resource-server", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", ResourceServer: &none},
			&authzv1.UpdateClientResponse{Registration: registered},
			[]string{"vdo_client_a"},
		},
		{
			"clients create App --public --redirect-uri https://a.example/ --scope videos:read --refresh-retry 10s", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{"https://a.example/"}, Scopes: []string{"videos:read"},
				RefreshRetrySeconds: proto.Int32(10),
			},
			&authzv1.CreateClientResponse{Registration: &authzv1.Registration{Client: &authzv1.Client{RefreshRetrySeconds: proto.Int32(10)}}},
			[]string{"REFRESH RETRY", "10s"},
		},
		{
			"clients create App --public --redirect-uri https://a.example/ --scope videos:read --require-par --dpop-bound", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{"https://a.example/"}, Scopes: []string{"videos:read"},
				RequirePushedAuthorizationRequests: true, DpopBoundAccessTokens: true,
			},
			&authzv1.CreateClientResponse{Registration: &authzv1.Registration{
				Client: &authzv1.Client{DpopBoundAccessTokens: true}, RequirePushedAuthorizationRequests: true,
			}},
			[]string{"PUSHED REQUESTS", "DPOP", "required"},
		},
		{
			"clients update vdo_client_a --no-require-par --no-dpop-bound --profile none", "", "UpdateClient",
			&authzv1.UpdateClientRequest{
				ClientId: "vdo_client_a", RequirePushedAuthorizationRequests: &none, DpopBoundAccessTokens: &none, Profile: authzv1.Profile_PROFILE_NONE,
			},
			&authzv1.UpdateClientResponse{Registration: registered},
			[]string{"vdo_client_a"},
		},
		{
			"clients update vdo_client_a --profile fapi2", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", Profile: authzv1.Profile_PROFILE_FAPI2},
			&authzv1.UpdateClientResponse{Registration: &authzv1.Registration{Client: &authzv1.Client{Profile: authzv1.Profile_PROFILE_FAPI2}}},
			[]string{"PROFILE", "fapi2"},
		},
		{
			"clients update vdo_client_a --refresh-retry 0s", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", RefreshRetrySeconds: proto.Int32(0)},
			&authzv1.UpdateClientResponse{Registration: &authzv1.Registration{Client: &authzv1.Client{RefreshRetrySeconds: proto.Int32(0)}}},
			[]string{"0s"},
		},
		{
			"clients update vdo_client_a --default-refresh-retry", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", DefaultRefreshRetry: true},
			&authzv1.UpdateClientResponse{Registration: registered},
			[]string{"default"},
		},
		{
			"clients create App --public --redirect-uri cursor://app/cb --scope videos:read,jobs:read --default-scope jobs:read --application-type native --unverified",
			"", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{"cursor://app/cb"},
				Scopes: []string{"videos:read", "jobs:read"}, DefaultScopes: []string{"jobs:read"},
				ApplicationType: authzv1.ApplicationType_APPLICATION_TYPE_NATIVE, Unverified: true,
			},
			&authzv1.CreateClientResponse{Registration: &authzv1.Registration{
				Client: registered.GetClient(), DefaultScopes: []string{"jobs:read"}, Unverified: true,
			}},
			[]string{"enabled, unverified"},
		},
		{
			"clients update vdo_client_a --default-scope videos:read --application-type web --verified", "", "UpdateClient",
			&authzv1.UpdateClientRequest{
				ClientId: "vdo_client_a", DefaultScopes: []string{"videos:read"}, ApplicationType: authzv1.ApplicationType_APPLICATION_TYPE_WEB,
				Unverified: &none,
			},
			&authzv1.UpdateClientResponse{Registration: &authzv1.Registration{
				Client: registered.GetClient(), DefaultScopes: []string{"videos:read"}, ApplicationType: authzv1.ApplicationType_APPLICATION_TYPE_WEB,
			}},
			[]string{"DEFAULT SCOPES", "videos:read", "APPLICATION TYPE", "web"},
		},
		{
			"clients update vdo_client_a --no-default-scope --unverified", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", ClearDefaultScopes: true, Unverified: &server},
			&authzv1.UpdateClientResponse{Registration: registered},
			[]string{"vdo_client_a"},
		},
		{
			"clients revoke-old-secret vdo_client_a", "", "RevokePreviousClientSecret",
			&authzv1.RevokePreviousClientSecretRequest{ClientId: "vdo_client_a"},
			&authzv1.RevokePreviousClientSecretResponse{Registration: &authzv1.Registration{Secrets: registered.GetSecrets()[:1]}},
			[]string{"vdo_client_a has one secret: …wxyz"},
		},
		{
			"grants list --user usr_john", "", "ListGrants", &tokenv1.ListGrantsRequest{UserId: "usr_john", PageSize: 100},
			&tokenv1.ListGrantsResponse{Grants: []*tokenv1.Grant{grant}},
			[]string{"3031323334353637", "usr_john", "vdo_client_a", "ws_acme", "videos:read jobs:read", "2026-11-24T06:30:00Z"},
		},
		{
			"grants list --client vdo_client_a --limit 0", "", "ListGrants", &tokenv1.ListGrantsRequest{ClientId: "vdo_client_a", PageSize: 1000},
			&tokenv1.ListGrantsResponse{Grants: []*tokenv1.Grant{grant}},
			[]string{"usr_john"},
		},
		{
			"grants revoke --user usr_john --client vdo_client_a --yes", "", "RevokeUserGrants",
			&tokenv1.RevokeUserGrantsRequest{UserId: "usr_john", ClientId: "vdo_client_a"}, &tokenv1.RevokeUserGrantsResponse{},
			[]string{"the grants of usr_john to vdo_client_a are revoked"},
		},
		{
			"grants revoke --user usr_john --yes", "", "RevokeUserGrants",
			&tokenv1.RevokeUserGrantsRequest{UserId: "usr_john"}, &tokenv1.RevokeUserGrantsResponse{},
			[]string{"to every client are revoked"},
		},
		{
			"grants revoke --client vdo_client_a --yes", "", "RevokeClientGrants",
			&tokenv1.RevokeClientGrantsRequest{ClientId: "vdo_client_a"}, &tokenv1.RevokeClientGrantsResponse{},
			[]string{"all grants to vdo_client_a are revoked"},
		},
		{
			"tokens inspect", "vdo_oat_x\n", "InspectToken", &tokenv1.InspectTokenRequest{Token: "vdo_oat_x"},
			&tokenv1.InspectTokenResponse{
				Active: true, Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, UserId: "usr_john", ClientId: "vdo_client_a", GrantId: grant.GetGrantId(),
				Scopes: []string{"videos:read"}, ExpireTime: at,
			},
			[]string{"access token", "usr_john", "vdo_client_a", "videos:read", "3031323334353637", "2026-11-24T06:30:00Z"},
		},
		{
			"tokens inspect", "vdo_live_x", "InspectToken", &tokenv1.InspectTokenRequest{Token: "vdo_live_x"},
			&tokenv1.InspectTokenResponse{
				Active: true, Kind: tokenv1.TokenKind_TOKEN_KIND_RESTRICTED_API_KEY, KeyId: "key_a", AllowedAddresses: []string{"203.0.113.0/24", "2001:db8::/32"},
			},
			[]string{"restricted api key", "key_a", "203.0.113.0/24 2001:db8::/32"},
		},
		{
			"tokens inspect", "vdo_ort_x", "InspectToken", &tokenv1.InspectTokenRequest{Token: "vdo_ort_x"},
			&tokenv1.InspectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_REFRESH_TOKEN},
			[]string{"refresh token", "not active"},
		},
		{
			"revocations list", "", "ListRevocations", &tokenv1.ListRevocationsRequest{PageSize: 100},
			&tokenv1.ListRevocationsResponse{Revocations: logged()},
			[]string{"user", "password set", "usr_john", "grants revoked", "2026-11-24T06:30:00Z", "token", "010203", "user-client"},
		},
		{
			"revocations list --after 6 --limit 2", "", "ListRevocations", &tokenv1.ListRevocationsRequest{AfterCursor: proto.Int64(6), PageSize: 2},
			&tokenv1.ListRevocationsResponse{},
			[]string{"CURSOR"},
		},
		{
			"logouts list vdo_client_a", "", "ListLogoutDeliveries", &tokenv1.ListLogoutDeliveriesRequest{ClientId: "vdo_client_a", PageSize: 100},
			&tokenv1.ListLogoutDeliveriesResponse{Deliveries: []*tokenv1.LogoutDelivery{{
				ClientId: "vdo_client_a", Subject: "usr_john", SessionId: "S1", Reason: "user_disabled", Attempts: 3, HttpStatus: 400,
				State: tokenv1.LogoutDeliveryState_LOGOUT_DELIVERY_STATE_FAILED, Problem: "the response has status 400",
			}}},
			[]string{"vdo_client_a", "usr_john", "S1", "user disabled", "failed", "3", "400", "the response has status 400"},
		},
		{
			"tokens revoke", "vdo_oat_x", "EndToken", &tokenv1.EndTokenRequest{Token: "vdo_oat_x"},
			&tokenv1.EndTokenResponse{Ended: true},
			[]string{"the token is revoked"},
		},
	}...)
}

func TestATokenIsReadAndNeverAnArgument(t *testing.T) {
	d := newConsole(t)
	for _, args := range [][]string{{"tokens", "inspect", "vdo_oat_x"}, {"tokens", "revoke", "vdo_oat_x"}} {
		if r := d.run("", args...); r.status != wrongUsage || len(d.called) > 0 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, in := range []string{"", "\n", strings.Repeat("x", 10_000)} {
		if r := d.run(in, "tokens", "inspect"); r.status != failed || len(d.called) > 0 || !strings.Contains(r.errors, "standard input") {
			t.Errorf("%.20q: %+v", in, r)
		}
	}
}

// logged is the entries 7 to 9 of the log.
func logged() []*tokenv1.LoggedRevocation {
	return []*tokenv1.LoggedRevocation{
		{
			Revocation: &tokenv1.Revocation{Cursor: 7, Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: []byte{1, 2, 3}},
			Reason:     tokenv1.RevocationReason_REVOCATION_REASON_REVOKED, RevokeTime: at,
		},
		{
			Revocation: &tokenv1.Revocation{Cursor: 8, Kind: tokenv1.RevocationKind_REVOCATION_KIND_USER, UserId: "usr_john"},
			Reason:     tokenv1.RevocationReason_REVOCATION_REASON_PASSWORD_SET, RevokeTime: at,
		},
		{
			Revocation: &tokenv1.Revocation{Cursor: 9, Kind: tokenv1.RevocationKind_REVOCATION_KIND_PAIR, UserId: "usr_john", ClientId: "vdo_client_a"},
			Reason:     tokenv1.RevocationReason_REVOCATION_REASON_GRANTS_REVOKED, RevokeTime: at,
		},
	}
}

func TestTheLogIsPrintedFromTheCursor(t *testing.T) {
	d := newConsole(t)
	d.responses["ListRevocations"] = func(req proto.Message) (proto.Message, error) {
		list, _ := req.(*tokenv1.ListRevocationsRequest)
		return &tokenv1.ListRevocationsResponse{Revocations: logged()[list.GetAfterCursor()-6:][:1]}, nil // a page holds one
	}
	r := d.run("", "revocations", "tail", "--after", "7", "--count", "2")
	want := "8  2026-11-24T06:30:00Z  user  password set  usr_john\n9  2026-11-24T06:30:00Z  user-client  grants revoked  usr_john vdo_client_a\n"
	if r.status != 0 || r.out != want {
		t.Errorf("%+v", r)
	}
}

func TestATailThatIsDeniedSaysWhatToFix(t *testing.T) {
	d := newConsole(t)
	d.certified()
	d.as("identity")
	if r := d.run("", "revocations", "tail"); r.status != 1 || !strings.Contains(r.errors, "spiffe://<trust_domain>/operator") {
		t.Errorf("%+v", r)
	}
}

func TestTheShellCompletesCommands(t *testing.T) {
	d := newConsole(t)
	for shell, want := range map[string]string{"bash": "complete ", "zsh": "bashcompinit", "fish": "__complete_usher"} {
		if r := d.run("", "completion", "--code", shell); r.status != 0 || !strings.Contains(r.out, want) {
			t.Errorf("%s: %+v", shell, r)
		}
	}
	for line, want := range map[string]string{"usher us": "users", "usher clients rot": "rotate-secret"} {
		t.Setenv("COMP_LINE", line)
		if r := d.run(""); r.status != 0 || strings.TrimSpace(r.out) != want {
			t.Errorf("%s completes to %q, want %q (%s)", line, r.out, want, r.errors)
		}
	}
}
