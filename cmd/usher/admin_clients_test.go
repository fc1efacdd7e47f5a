package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// clientCommands are those on apps and what was granted to them.
func clientCommands() []command {
	at := timestamppb.New(at.AsTime())
	registered := &authzv1.Registration{
		Client:       &authzv1.Client{ClientId: "vdo_client_a", Name: "An App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL},
		RedirectUris: []string{"https://app.example/callback"}, Scopes: []string{"videos:read", "jobs:read"}, CreateTime: at,
		Secrets: []*authzv1.ClientSecret{{CreateTime: at}, {CreateTime: at, ExpireTime: at}},
	}
	name := "Another"
	return []command{
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
			&authzv1.CreateClientResponse{Registration: registered}, []string{"vdo_client_a", "An App"},
		},
		{
			"clients list", "", "ListClients", &authzv1.ListClientsRequest{PageSize: 100},
			&authzv1.ListClientsResponse{Registrations: []*authzv1.Registration{registered, {Client: &authzv1.Client{ClientId: "vdo_client_b"}, Disabled: true}}},
			[]string{"APP", "vdo_client_a", "confidential", "enabled", "vdo_client_b", "disabled"},
		},
		{
			"clients show vdo_client_a", "", "FindClient", &authzv1.FindClientRequest{ClientId: "vdo_client_a"},
			&authzv1.FindClientResponse{Registration: registered}, []string{"https://app.example/callback", "videos:read jobs:read", "current", "ends 2026-11-24T06:30:00Z"},
		},
		{
			"clients update vdo_client_a --name Another", "", "UpdateClient", &authzv1.UpdateClientRequest{ClientId: "vdo_client_a", Name: &name},
			&authzv1.UpdateClientResponse{Registration: registered}, []string{"vdo_client_a"},
		},
		{
			"clients rotate-secret vdo_client_a --overlap 1h", "", "RotateClientSecret",
			&authzv1.RotateClientSecretRequest{ClientId: "vdo_client_a", OverlapSeconds: 3600},
			&authzv1.RotateClientSecretResponse{ClientSecret: "secret-once"}, nil,
		},
		{"clients disable vdo_client_a", "", "DisableClient", &tokenv1.DisableClientRequest{ClientId: "vdo_client_a"}, &tokenv1.DisableClientResponse{}, []string{"vdo_client_a is disabled"}},
		{"clients enable vdo_client_a", "", "EnableClient", &authzv1.EnableClientRequest{ClientId: "vdo_client_a"}, &authzv1.EnableClientResponse{}, []string{"vdo_client_a may be connected again"}},
		{
			"grants list usr_john", "", "ListConnections", &tokenv1.ListConnectionsRequest{UserId: "usr_john"},
			&tokenv1.ListConnectionsResponse{Connections: []*tokenv1.Connection{{ClientId: "vdo_client_b", Epoch: 3}, {ClientId: "vdo_client_a", LastUseTime: at}}},
			[]string{"vdo_client_a", "2026-11-24T06:30:00Z", "vdo_client_b", "3"},
		},
		{
			"grants revoke --user usr_john --client vdo_client_a", "", "EndConnection",
			&tokenv1.EndConnectionRequest{UserId: "usr_john", ClientId: "vdo_client_a"}, &tokenv1.EndConnectionResponse{}, []string{"1 ended"},
		},
		{
			"grants revoke --client vdo_client_a", "", "RevokeClientGrants",
			&tokenv1.RevokeClientGrantsRequest{ClientId: "vdo_client_a"}, &tokenv1.RevokeClientGrantsResponse{}, []string{"all that was granted to vdo_client_a has ended"},
		},
		{
			"tokens inspect", "vdo_oat_x\n", "IntrospectToken", &tokenv1.IntrospectTokenRequest{Token: "vdo_oat_x"},
			&tokenv1.IntrospectTokenResponse{Active: true, Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, Sub: "usr_john", Exp: 1795000000},
			[]string{"access_token", "usr_john", "2026-11-18T11:06:40Z"},
		},
		{
			"tokens revoke", "vdo_oat_x", "EndToken", &tokenv1.EndTokenRequest{Token: "vdo_oat_x"},
			&tokenv1.EndTokenResponse{Ended: true}, []string{"the token has ended"},
		},
	}
}

func TestRevokingAllOfAUserEndsEachConnection(t *testing.T) {
	d := newDesk(t)
	d.answer("ListConnections", &tokenv1.ListConnectionsResponse{Connections: []*tokenv1.Connection{{ClientId: "b"}, {ClientId: "a"}}}, nil)
	d.answer("EndConnection", &tokenv1.EndConnectionResponse{}, nil)
	r := d.run("", "grants", "revoke", "--user", "usr_john")
	if r.status != 0 || strings.Join(d.asked, " ") != "ListConnections EndConnection EndConnection" || !strings.Contains(r.out, "2 ended") {
		t.Errorf("%+v after %v", r, d.asked)
	}
}

func TestATokenIsReadAndNeverAnArgument(t *testing.T) {
	d := newDesk(t)
	for _, args := range [][]string{{"tokens", "inspect", "vdo_oat_x"}, {"tokens", "revoke", "vdo_oat_x"}} {
		if r := d.run("", args...); r.status != wrongUsage || len(d.asked) > 0 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, in := range []string{"", "\n", strings.Repeat("x", 10_000)} {
		if r := d.run(in, "tokens", "inspect"); r.status != failed || len(d.asked) > 0 || !strings.Contains(r.errors, "standard input") {
			t.Errorf("%.20q: %+v", in, r)
		}
	}
}

func TestTheLogIsToldFromWhereOneAsks(t *testing.T) {
	d := newDesk(t)
	r := d.run("", "revocations", "tail", "--after", "8", "--count", "1")
	if r.status != 0 || !strings.Contains(r.out, "client  vdo_client_a") || strings.Contains(r.out, "usr_john") {
		t.Errorf("%+v", r)
	}
}

func TestAShellIsToldWhatMayComeNext(t *testing.T) {
	d := newDesk(t)
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
