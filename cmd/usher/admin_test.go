package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

var (
	at   = timestamppb.New(time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC))
	john = &identityv1.User{
		UserId: "usr_john", EmailAddress: "john.doe@gmail.com", FirstName: "John", LastName: "Doe", DisplayName: "John Doe", CreateTime: at,
	}
	acme = &identityv1.Workspace{WorkspaceId: "ws_acme", Name: "Acme Studio", Plan: "pro"}
	app  = &identityv1.AuthenticationApp{
		AuthenticationAppId: "aap_portal", Name: "Portal", WorkspaceId: "ws_acme", CreateTime: at,
		Secrets: []*identityv1.AuthenticationAppSecret{{LastFour: "wxyz", CreateTime: at}, {LastFour: "abcd", CreateTime: at, ExpireTime: at}},
	}
	key = &tokenv1.ApiKey{KeyId: "key_one", WorkspaceId: "ws_acme", Name: "exporter", Prefix: "vdo_live_", LastFour: "1234", CreateTime: at}
)

// command is a command as it is typed, the call that it must make, and texts that its table must contain.
type command struct {
	args, stdin string
	method      string
	req, res    proto.Message
	table       []string
}

// calls are the methods that the command calls: its own, after the client whose grants it revokes was found.
func (c command) calls() []string {
	if strings.HasPrefix(c.args, "grants revoke") && strings.Contains(c.args, "--client vdo_client_") {
		return []string{"FindClient", c.method}
	}
	return []string{c.method}
}

func commands() []command {
	return []command{
		{
			"users create john.doe@gmail.com --first-name John --last-name Doe --display-name Johnny", "examplepassword\n", "CreateUser",
			&identityv1.CreateUserRequest{EmailAddress: "john.doe@gmail.com", FirstName: "John", LastName: "Doe", DisplayName: "Johnny", Password: "examplepassword"},
			&identityv1.CreateUserResponse{User: john},
			[]string{"usr_john", "john.doe@gmail.com", "John Doe", "enabled", "2026-11-24T06:30:00Z"},
		},
		{
			"users create john.doe@gmail.com --no-password", "not read", "CreateUser",
			&identityv1.CreateUserRequest{EmailAddress: "john.doe@gmail.com"}, &identityv1.CreateUserResponse{User: john},
			[]string{"usr_john"},
		},
		{
			"users list", "", "ListUsers", &identityv1.ListUsersRequest{PageSize: 100},
			&identityv1.ListUsersResponse{Users: []*identityv1.User{john, {UserId: "usr_out", Disabled: true}}},
			[]string{"USER", "usr_john", "usr_out", "disabled"},
		},
		{
			"users show usr_john", "", "FindUser", &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_UserId{UserId: "usr_john"}},
			&identityv1.FindUserResponse{User: john, Workspaces: []*identityv1.Workspace{{WorkspaceId: "ws_acme", Plan: "pro", Role: identityv1.Role_ROLE_ADMINISTRATOR}}},
			[]string{"john.doe@gmail.com", "ws_acme", "administrator"},
		},
		{
			"users show John.Doe@gmail.com", "", "FindUser",
			&identityv1.FindUserRequest{By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: "John.Doe@gmail.com"}},
			&identityv1.FindUserResponse{User: john},
			[]string{"usr_john"},
		},
		{"users disable usr_john --yes", "", "DisableUser", &tokenv1.DisableUserRequest{UserId: "usr_john"}, &tokenv1.DisableUserResponse{}, []string{"usr_john is disabled"}},
		{"users unlock usr_john", "", "UnlockUser", &identityv1.UnlockUserRequest{UserId: "usr_john"}, &identityv1.UnlockUserResponse{}, []string{"usr_john may try to sign in again"}},
		{"users enable usr_john", "", "EnableUser", &identityv1.EnableUserRequest{UserId: "usr_john"}, &identityv1.EnableUserResponse{}, []string{"usr_john may sign in again"}},
		{
			"users set-password usr_john", " two  words \r\nanother line\n", "SetPassword",
			&tokenv1.SetPasswordRequest{UserId: "usr_john", Password: " two  words "}, &tokenv1.SetPasswordResponse{},
			[]string{"usr_john has a new password"},
		},
		{
			"workspaces create Acme --plan pro --id ws_acme", "", "CreateWorkspace",
			&identityv1.CreateWorkspaceRequest{Name: "Acme", Plan: "pro", WorkspaceId: "ws_acme"},
			&identityv1.CreateWorkspaceResponse{Workspace: acme},
			[]string{"ws_acme", "Acme Studio", "pro"},
		},
		{
			"workspaces list --limit 0", "", "ListAllWorkspaces", &identityv1.ListAllWorkspacesRequest{PageSize: 1000},
			&identityv1.ListAllWorkspacesResponse{Workspaces: []*identityv1.Workspace{acme}},
			[]string{"WORKSPACE", "ws_acme"},
		},
		{
			"workspaces set-plan ws_acme free", "", "SetWorkspacePlan", &tokenv1.SetWorkspacePlanRequest{WorkspaceId: "ws_acme", Plan: "free"},
			&tokenv1.SetWorkspacePlanResponse{},
			[]string{"ws_acme has the plan free"},
		},
		{
			"members add ws_acme usr_john --role administrator", "", "AddMember",
			&identityv1.AddMemberRequest{UserId: "usr_john", WorkspaceId: "ws_acme", Role: identityv1.Role_ROLE_ADMINISTRATOR},
			&identityv1.AddMemberResponse{},
			[]string{"usr_john is in ws_acme as administrator"},
		},
		{
			"members remove ws_acme usr_john --yes", "", "RemoveMember", &tokenv1.RemoveMemberRequest{UserId: "usr_john", WorkspaceId: "ws_acme"},
			&tokenv1.RemoveMemberResponse{},
			[]string{"usr_john is no longer in ws_acme"},
		},
		{
			"members list ws_acme", "", "ListMembers", &identityv1.ListMembersRequest{WorkspaceId: "ws_acme", PageSize: 1000},
			&identityv1.ListMembersResponse{Members: []*identityv1.Member{{User: john, Role: identityv1.Role_ROLE_MEMBER}}},
			[]string{"ROLE", "usr_john", "member"},
		},
		{
			"auth-apps create Portal --workspace ws_acme", "", "CreateAuthenticationApp",
			&identityv1.CreateAuthenticationAppRequest{Name: "Portal", WorkspaceId: "ws_acme"},
			&identityv1.CreateAuthenticationAppResponse{AuthenticationApp: app, ClientSecret: "secret-once"}, nil,
		},
		{
			"auth-apps list", "", "ListAuthenticationApps", &identityv1.ListAuthenticationAppsRequest{PageSize: 1000},
			&identityv1.ListAuthenticationAppsResponse{AuthenticationApps: []*identityv1.AuthenticationApp{app, {AuthenticationAppId: "aap_old", RevokeTime: at}}},
			[]string{"aap_portal", "…wxyz, …abcd until 2026-11-24T06:30:00Z", "aap_old", "all"},
		},
		{
			"auth-apps rotate aap_portal --overlap 90m", "", "RotateAuthenticationAppSecret",
			&identityv1.RotateAuthenticationAppSecretRequest{AuthenticationAppId: "aap_portal", OverlapSeconds: 5400},
			&identityv1.RotateAuthenticationAppSecretResponse{AuthenticationApp: app, ClientSecret: "secret-once"}, nil,
		},
		{
			"auth-apps revoke aap_portal --yes", "", "RevokeAuthenticationApp", &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: "aap_portal"},
			&tokenv1.RevokeAuthenticationAppResponse{},
			[]string{"aap_portal is revoked"},
		},
		{
			"api-keys create ws_acme --name exporter --scope videos:read --address 203.0.113.0/24 --lifetime 24h", "", "CreateWorkspaceKey",
			&tokenv1.CreateWorkspaceKeyRequest{
				WorkspaceId: "ws_acme", Name: "exporter", Scopes: []string{"videos:read"}, AllowedAddresses: []string{"203.0.113.0/24"}, LifetimeSeconds: 86400,
			},
			&tokenv1.CreateWorkspaceKeyResponse{ApiKey: key, Key: "secret-once"}, nil,
		},
		{
			"api-keys rotate ws_acme key_one --overlap 1h", "", "RotateWorkspaceKey",
			&tokenv1.RotateWorkspaceKeyRequest{WorkspaceId: "ws_acme", KeyId: "key_one", OverlapSeconds: 3600},
			&tokenv1.RotateWorkspaceKeyResponse{ApiKey: key, Key: "secret-once", Replaced: key}, nil,
		},
		{
			"api-keys list ws_acme", "", "ListWorkspaceKeys", &tokenv1.ListWorkspaceKeysRequest{WorkspaceId: "ws_acme", PageSize: 100},
			&tokenv1.ListWorkspaceKeysResponse{ApiKeys: []*tokenv1.ApiKey{key}},
			[]string{"key_one", "exporter", "vdo_live_…1234", "2026-11-24T06:30:00Z"},
		},
		{
			"registration-tokens create Portal --uses 5", "", "CreateInitialAccessToken",
			&authzv1.CreateInitialAccessTokenRequest{Name: "Portal", Uses: 5},
			&authzv1.CreateInitialAccessTokenResponse{InitialAccessToken: &authzv1.InitialAccessToken{Id: "iat_one", UsesLeft: 5}, Token: "secret-once"}, nil,
		},
		{
			"registration-tokens revoke iat_one --yes", "", "RevokeInitialAccessToken", &authzv1.RevokeInitialAccessTokenRequest{Id: "iat_one"},
			&authzv1.RevokeInitialAccessTokenResponse{},
			[]string{"iat_one is revoked"},
		},
		{
			"api-keys create ws_acme --name forever", "", "CreateWorkspaceKey", &tokenv1.CreateWorkspaceKeyRequest{WorkspaceId: "ws_acme", Name: "forever"},
			&tokenv1.CreateWorkspaceKeyResponse{ApiKey: key, Key: "secret-once"}, nil,
		},
		{"api-keys revoke key_one --yes", "", "RevokeApiKey", &tokenv1.RevokeApiKeyRequest{KeyId: "key_one"}, &tokenv1.RevokeApiKeyResponse{}, []string{"key_one is revoked"}},
		{
			"catalog show", "", "GetCatalog", &tokenv1.GetCatalogRequest{},
			&tokenv1.GetCatalogResponse{
				Scopes:    []*tokenv1.Scope{{Name: "videos:read", Description: "View videos"}},
				Endpoints: []*tokenv1.Endpoint{{Method: "GET", Path: "/v1/videos", Scope: "videos:read"}},
				Plans:     []*tokenv1.Plan{{Name: "free", Endpoints: []string{"GET /v1/videos"}}, {Name: "none"}}, Digest: "abcdef",
			},
			[]string{"videos:read", "View videos", "GET /v1/videos", "free", "abcdef"},
		},
	}
}

func TestEveryCommandMakesItsCallAndPrintsTheResponse(t *testing.T) {
	d := newConsole(t)
	for _, c := range append(commands(), clientCommands()...) {
		d.respond(c.method, c.res, nil)
		r := d.run(c.stdin, strings.Fields(c.args)...)
		if r.status != 0 {
			t.Errorf("%s ends with %+v", c.args, r)
			continue
		}
		if diff := cmp.Diff(c.req, d.last, protocmp.Transform()); diff != "" || !slices.Equal(d.called, c.calls()) {
			t.Errorf("%s called %v (-want +got):\n%s", c.args, d.called, diff)
		}
		for _, part := range c.table {
			if !strings.Contains(r.out, part) || r.errors != "" {
				t.Errorf("%s does not print %q alone: %+v", c.args, part, r)
			}
		}
	}
}

func TestTheJSONOfACommandIsTheContractsAndAlwaysTheSame(t *testing.T) {
	d := newConsole(t)
	for _, c := range append(commands(), clientCommands()...) {
		d.respond(c.method, c.res, nil)
		first := d.run(c.stdin, append(strings.Fields(c.args), "--output", "json")...)
		again := d.run(c.stdin, append([]string{"-o", "json"}, strings.Fields(c.args)...)...)
		if first.status != 0 || first.errors != "" || first != again || !json.Valid([]byte(first.out)) {
			t.Errorf("%s prints %+v, then %+v", c.args, first, again)
		}
	}
	want := `{
  "user": {
    "user_id": "usr_john",
    "email_address": "john.doe@gmail.com",
    "first_name": "John",
    "last_name": "Doe",
    "display_name": "John Doe",
    "disabled": false,
    "create_time": "2026-11-24T06:30:00Z"
  },
  "workspaces": []
}
`
	d.respond("FindUser", &identityv1.FindUserResponse{User: john}, nil)
	if diff := cmp.Diff(want, d.run("", "users", "show", "usr_john", "-o", "json").out); diff != "" {
		t.Errorf("the user (-want +got):\n%s", diff)
	}
}

func TestASecretStandsAloneOnStandardOutput(t *testing.T) {
	d := newConsole(t)
	for _, c := range append(commands(), clientCommands()...) {
		if c.table != nil {
			continue
		}
		d.respond(c.method, c.res, nil)
		r := d.run("", strings.Fields(c.args)...)
		if r.out != "secret-once\n" || !strings.Contains(r.errors, "shown only now") || strings.Contains(r.errors, "secret-once") {
			t.Errorf("%s prints %+v", c.args, r)
		}
	}
}

func TestAUserMayBeNamedByAddressEverywhere(t *testing.T) {
	d := newConsole(t)
	d.respond("FindUser", &identityv1.FindUserResponse{User: john}, nil)
	for _, c := range append(commands(), clientCommands()...) {
		if !strings.Contains(c.args, "usr_john") {
			continue
		}
		if c.method != "FindUser" {
			d.respond(c.method, c.res, nil)
		}
		r := d.run(c.stdin, strings.Fields(strings.ReplaceAll(c.args, "usr_john", "john.doe@gmail.com"))...)
		if r.status != 0 || d.called[0] != "FindUser" {
			t.Errorf("%s by address called %v and ends with %+v", c.args, d.called, r)
		}
		if c.method == "FindUser" {
			continue
		}
		if diff := cmp.Diff(c.req, d.last, protocmp.Transform()); diff != "" {
			t.Errorf("%s by address (-want +got):\n%s", c.args, diff)
		}
	}
}

func TestAListGoesOnToItsLimitAndSaysThatThereIsMore(t *testing.T) {
	d := newConsole(t)
	var sizes []int32
	d.responses["ListUsers"] = func(req proto.Message) (proto.Message, error) {
		list, _ := req.(*identityv1.ListUsersRequest)
		sizes = append(sizes, list.GetPageSize())
		next := list.GetPageToken() + "x"
		if len(next) == 4 {
			next = ""
		}
		return &identityv1.ListUsersResponse{Users: make([]*identityv1.User, 100), NextPageToken: next}, nil
	}
	count := func(r result) int { return strings.Count(r.out, "\n") - 1 }
	if r := d.run("", "users", "list", "--limit", "150"); count(r) != 200 || !strings.Contains(r.errors, "--limit 0") || !cmp.Equal(sizes, []int32{150, 50}) {
		t.Errorf("150 were wanted: %d lines, pages of %v, %q", count(r), sizes, r.errors)
	}
	if r := d.run("", "users", "list", "--limit", "0"); count(r) != 400 || r.errors != "" {
		t.Errorf("all were wanted: %d lines, %q", count(r), r.errors)
	}
}

func TestMembersAndAuthenticationAppsAreListedToTheLastPage(t *testing.T) {
	d := newConsole(t)
	next := map[string]string{"": "second", "second": "third", "third": ""}
	d.responses["ListMembers"] = func(req proto.Message) (proto.Message, error) {
		list, _ := req.(*identityv1.ListMembersRequest)
		return &identityv1.ListMembersResponse{Members: make([]*identityv1.Member, 2), NextPageToken: next[list.GetPageToken()]}, nil
	}
	d.responses["ListAuthenticationApps"] = func(req proto.Message) (proto.Message, error) {
		list, _ := req.(*identityv1.ListAuthenticationAppsRequest)
		return &identityv1.ListAuthenticationAppsResponse{
			AuthenticationApps: make([]*identityv1.AuthenticationApp, 2), NextPageToken: next[list.GetPageToken()],
		}, nil
	}
	for _, args := range [][]string{{"members", "list", "ws_acme"}, {"auth-apps", "list"}} {
		if r := d.run("", args...); strings.Count(r.out, "\n") != 1+6 || r.errors != "" {
			t.Errorf("%v prints %q %q, want a head and six lines", args, r.out, r.errors)
		}
	}
}

func TestANameCannotSteerTheTerminal(t *testing.T) {
	d := newConsole(t)
	d.respond("ListUsers", &identityv1.ListUsersResponse{Users: []*identityv1.User{{UserId: "usr_x", DisplayName: "a\x1b[2J\n\tb\u202e"}}}, nil)
	r := d.run("", "users", "list")
	if strings.ContainsAny(r.out, "\x1b\t\u202e") || strings.Count(r.out, "\n") != 2 {
		t.Errorf("it prints %q", r.out)
	}
}
