package main

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// TestASocketIsUsedOnlyWhereNoPeerIsSet: with the addresses of a deployment, no command changes an `usher dev` of this folder.
func TestASocketIsUsedOnlyWhereNoPeerIsSet(t *testing.T) {
	d := newConsole(t)
	d.respond("SetWorkspacePolicy", &consentv1.SetWorkspacePolicyResponse{}, nil)
	args := strings.Fields("workspaces set-policy ws_acme nobody")
	if r := d.run("", args...); r.status != succeeded || len(d.called) != 1 {
		t.Fatalf("without a peer: %+v", r)
	}
	t.Setenv("USHER_PEERS_IDENTITY", "identity.example:9090")
	r := d.run("", args...)
	if r.status != failed || len(d.called) > 0 || !strings.Contains(r.errors, "peers.consent is not set (USHER_PEERS_CONSENT)") {
		t.Errorf("with the peer of another service: %+v, called %v", r, d.called)
	}
}

// TestGrantsToAClientThatDoesNotExistAreNotRevoked; the URL of a document is not looked up.
func TestGrantsToAClientThatDoesNotExistAreNotRevoked(t *testing.T) {
	d := newConsole(t)
	d.respond("FindClient", nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no app has that client_id", oerr.WithField("client_id")))
	d.respond("RevokeClientGrants", &tokenv1.RevokeClientGrantsResponse{}, nil)
	d.respond("RevokeUserGrants", &tokenv1.RevokeUserGrantsResponse{}, nil)
	for _, args := range []string{"grants revoke --client vdo_client_nope --yes", "grants revoke --user usr_john --client vdo_client_nope --yes"} {
		r := d.run("", strings.Fields(args)...)
		if r.status != failed || !slices.Equal(d.called, []string{"FindClient"}) || !strings.Contains(r.errors, "`usher clients list`") {
			t.Errorf("%s: %+v, called %v", args, r, d.called)
		}
	}
	r := d.run("", "grants", "revoke", "--client", "https://tools.example/client.json", "--yes")
	if r.status != succeeded || !slices.Equal(d.called, []string{"RevokeClientGrants"}) {
		t.Errorf("a document: %+v, called %v", r, d.called)
	}
}

// TestAnErrorNamesTheFlagAndTheCommandThatHelps, and lists nothing where the identifier is malformed.
func TestAnErrorNamesTheFlagAndTheCommandThatHelps(t *testing.T) {
	d := newConsole(t)
	invalid := func(field, text string) error {
		return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, field+" "+text, oerr.WithField(field))
	}
	for _, c := range []struct {
		args, method string
		err          error
		want         string
	}{
		{"clients create Vidocu", "CreateClient", invalid("name", "looks like a reserved name. If it is yours, set allow_reserved_name"), "name looks like a reserved name. If it is yours, set --allow-reserved-name"},
		{"clients create App --jwks " + keyFile, "CreateClient", invalid("jwks", "has three keys"), "--jwks has three keys"},
		{"clients create App --id x", "CreateClient", invalid("client_id", "must be vdo_client_ and letters"), "--id must be vdo_client_ and letters"},
		{"api-keys create ws_a --name a --lifetime 2m", "CreateWorkspaceKey", invalid("lifetime_seconds", "must be from a minute to 10 years"), "--lifetime must be from a minute to 10 years"},
		{"clients keys update vdo_client_a k --expires-in 2s", "UpdateClientKey", invalid("lifetime_seconds", "must be longer"), "--expires-in must be longer"},
		{"requests --cursor x", "ListRequests", invalid("page_token", "is malformed"), "--cursor is malformed (start again from the first page)"},
		{"clients rotate-secret vdo_client_a", "RotateClientSecret", invalid("client_id", "is of a client that authenticates with private_key_jwt: set replace_keys to give it a secret instead"), "it is a client that authenticates with private_key_jwt: set --replace-keys to give it a secret instead"},
		{"api-keys list x", "ListWorkspaceKeys", invalid("workspace_id", "must be an identifier"), "workspace_id must be an identifier"},
		{"clients create App --workspace ws_x", "CreateClient", invalid("workspace_id", "names no workspace"), "--workspace names no workspace (`usher workspaces list` lists the workspaces)"},
		{"clients update vdo_client_a --workspace ws_b", "UpdateClient", invalid("workspace_id", "cannot change from ws_a: remove the client from its workspace first, which revokes its tokens"), "--workspace cannot change from ws_a: remove the client from its workspace first, which revokes its tokens (`usher clients remove-from-workspace` does)"},
		{"clients rotate-secret vdo_client_a", "RotateClientSecret", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "the client is a public client, which has no secret", oerr.WithField("client_id")), "the client is a public client, which has no secret"},
	} {
		d.respond(c.method, nil, c.err)
		if r := d.run("", strings.Fields(c.args)...); r.status != failed || r.errors != "usher: "+c.want+"\n" {
			t.Errorf("%s: %q, want %q", c.args, r.errors, c.want)
		}
	}
}

const twoClients = `clients:
  - {id: vdo_client_a, name: A, type: public, redirect_uris: ["https://a.example/"], scopes: ["videos:read"]}
  - {id: vdo_client_b, name: B, type: public, redirect_uris: ["https://b.example/"], scopes: ["videos:raed"]}
`

// TestApplyPrintsWhatWasDone before a step failed, and never that there was nothing to do.
func TestApplyPrintsWhatWasDone(t *testing.T) {
	d := newConsole(t)
	d.respond("ListClients", &authzv1.ListClientsResponse{}, nil)
	refused := "vdo_client_a"
	d.responses["CreateClient"] = func(req proto.Message) (proto.Message, error) {
		if c, ok := req.(*authzv1.CreateClientRequest); ok && c.GetClientId() == refused {
			return nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "redirect_uris has a fragment", oerr.WithField("redirect_uris"))
		}
		return &authzv1.CreateClientResponse{}, nil
	}
	for _, format := range []string{"table", "json"} {
		r := d.run(twoClients, "clients", "apply", "-", "-o", format)
		if r.status != failed || r.out != "" || !strings.HasPrefix(r.errors, "usher: vdo_client_a: redirect_uris has a fragment") {
			t.Errorf("the first step failed: %+v", r)
		}
	}
	refused = "vdo_client_b"
	if r := d.run(twoClients, "clients", "apply", "-"); r.status != failed || !strings.Contains(r.out, "vdo_client_a  create") || strings.Contains(r.out, "vdo_client_b") {
		t.Errorf("the second step failed: %+v", r)
	}
	for _, text := range []string{"- id: vdo_client_a\n  name: A\n", "id: vdo_client_a\nname: A\n"} {
		if r := d.run(text, "clients", "apply", "-"); r.status != failed || !strings.Contains(r.errors, "such as clients: [{id: vdo_client_sync") {
			t.Errorf("a manifest without the list: %+v", r)
		}
	}
}

// TestASecretThatReplacesKeysSaysSo: no secret stays valid.
func TestASecretThatReplacesKeysSaysSo(t *testing.T) {
	d := newConsole(t)
	d.respond("RotateClientSecret", &authzv1.RotateClientSecretResponse{
		ClientSecret: "secret-once", Registration: &authzv1.Registration{Secrets: []*authzv1.ClientSecret{{LastFour: "once"}}},
	}, nil)
	r := d.run("", "clients", "rotate-secret", "vdo_client_a", "--replace-keys")
	if r.status != succeeded || !strings.Contains(r.errors, "its keys are removed, and assertions that they sign are refused from now on") || strings.Contains(r.errors, "valid for") {
		t.Errorf("%+v", r)
	}
}

// TestTheHelpListsTheCommandsOfEachGroup.
func TestTheHelpListsTheCommandsOfEachGroup(t *testing.T) {
	d := newConsole(t)
	help := strings.Join(strings.Fields(d.run("", "--help").out), " ")
	for _, part := range []string{
		"list, set-plan, apps, end-app, policy, set-policy, approve-app, requests, answer.", "logo, review, keys.", "create, list, rotate, revoke.",
		"peers.consent and peers.activity",
	} {
		if !strings.Contains(help, part) {
			t.Errorf("the help does not list %q: %s", part, help)
		}
	}
	if r := d.run("", "clients", "update", "--help"); !strings.Contains(strings.Join(strings.Fields(r.out), " "), "none ends a profile") {
		t.Errorf("%s", r.out)
	}
}
