package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

func TestAFailureIsOneLineThatSaysWhatToFix(t *testing.T) {
	d := newConsole(t)
	for _, c := range []struct {
		args, method string
		err          error
		want         []string
	}{
		{
			"workspaces create Acme --plan gold", "CreateWorkspace",
			oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is not in the catalog", oerr.WithField("plan")),
			[]string{"plan: is not in the catalog", "`usher catalog show`"},
		},
		{"users show usr_none", "FindUser", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no such user"), []string{"no such user", "`usher users list`"}},
		{
			"clients create App --redirect-uri https://a.test/ --scope videos:raed", "CreateClient",
			oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "scopes has \"videos:raed\", which is not in the catalog", oerr.WithField("scopes")),
			[]string{"usher: --scope has \"videos:raed\"", "`usher catalog show`"},
		},
		{"clients show vdo_client_none", "FindClient", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no client has that client_id"), []string{"no client", "`usher clients list`"}},
		{"api-keys revoke key_none --yes", "RevokeApiKey", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no such key"), []string{"no such key", "`usher api-keys list`"}},
		{"api-keys rotate ws_x key_none", "RotateWorkspaceKey", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no such key"), []string{"`usher api-keys list`"}},
		{"api-keys list ws_x", "ListWorkspaceKeys", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no such workspace"), []string{"`usher workspaces list`"}},
		{"users create a@b.example --no-password", "CreateUser", oerr.New(errorv1.Reason_REASON_ALREADY_EXISTS, "address is taken", oerr.WithField("email_address")), []string{"email_address: address is taken"}},
		{"workspaces policy ws_x", "GetWorkspacePolicy", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "there is no such workspace", oerr.WithField("workspace_id")), []string{"usher: there is no such workspace (`usher workspaces list`"}},
		{"workspaces approve-app ws_x vdo_client_a", "SetAppApproval", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "there is no such workspace", oerr.WithField("workspace_id")), []string{"`usher workspaces list`"}},
		{"registration-tokens revoke iat_none --yes", "RevokeInitialAccessToken", oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no such token", oerr.WithField("id")), []string{"`usher registration-tokens list`"}},
		{"users list", "ListUsers", oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "too many", oerr.WithRetryAfter(3*time.Second)), []string{"wait 3s"}},
		{"users list", "ListUsers", oerr.New(errorv1.Reason_REASON_CALLER_DENIED, "denied"), []string{"identity", "spiffe://<trust_domain>/operator"}},
		{"users list", "ListUsers", oerr.Unavailable(nil), []string{"a dependency is unavailable"}},
		{"users list", "ListUsers", status.Error(codes.Internal, "pq: sentinel"), []string{"identity service at data/operator/identity.sock failed", "log"}},
	} {
		d.respond(c.method, nil, c.err)
		r := d.run("", strings.Fields(c.args)...)
		if r.status != 1 || r.out != "" || strings.Count(r.errors, "\n") != 1 || strings.Contains(r.errors, "sentinel") {
			t.Errorf("%s, %v: %+v", c.args, c.err, r)
		}
		for _, part := range c.want {
			if !strings.Contains(r.errors, part) {
				t.Errorf("%s, %v: %q does not say %q", c.args, c.err, r.errors, part)
			}
		}
	}
}

func TestWrongUsageExitsWithTwoAndMakesNoCall(t *testing.T) {
	d := newConsole(t)
	for _, args := range []string{
		"", "nonsense", "users", "users nonsense", "users show", "users list --output xml", "users list --timeout 0s", "users list --timeout soon",
		"members add ws_acme usr_john --role owner", "workspaces create Acme", "api-keys create ws_acme", "auth-apps rotate aap_x --overlap 721h",
		"auth-apps rotate aap_x --overlap 1ms", "clients create", "clients update vdo_client_x", "clients rotate-secret vdo_client_x --overlap 721h",
		"clients update vdo_client_x --refresh-retry 31s", "clients update vdo_client_x --refresh-retry 500ms",
		"clients update vdo_client_x --refresh-retry=-1s", "clients update vdo_client_x --refresh-retry 5s --default-refresh-retry",
		"clients create App --public --redirect-uri https://a.example/ --scope videos:read --refresh-retry 1m",
		"clients update vdo_client_x --require-par --no-require-par", "clients update vdo_client_x --dpop-bound --no-dpop-bound",
		"clients update vdo_client_x --profile fapi1",
		"clients update vdo_client_x --resource-server --no-resource-server", "grants list", "grants revoke", "revocations list --limit 0",
		"api-keys create ws_acme --name a --lifetime 500ms", "api-keys create ws_acme --name a --lifetime 0", "api-keys create ws_acme --name a --lifetime=-1h",
		"api-keys create ws_acme --name a --lifetime 59s", "api-keys create ws_acme --name a --lifetime 61500ms", "api-keys create ws_acme --name a --lifetime 87841h",
		"registration-tokens create a --lifetime 8761h", "api-keys rotate ws_acme key_a --overlap 1ms", "api-keys rotate ws_acme key_a --overlap=-1s",
		"registration-tokens create a --lifetime 500ms", "registration-tokens create a --lifetime 0s", "registration-tokens create a --uses 0",
		"registration-tokens create a --uses 10001", "clients keys add vdo_client_x --jwks a.json --expires-in 0", "clients keys update vdo_client_x a --expires-in 999ms",
		"requests --cause nope", "requests --cause CAUSE_UNSPECIFIED", "requests --endpoint tokens", "requests --endpoint /oauth/nothing", "audit --since tomorrow",
		"users create a@b.example --password secret", "users set-password usr_john secret",
	} {
		r := d.run("", strings.Fields(args)...)
		if r.status != 2 || r.out != "" || !strings.Contains(r.errors, "Usage: usher") || !strings.Contains(r.errors, "\nusher: ") || len(d.called) > 0 {
			t.Errorf("%q: %+v, called %v", args, r, d.called)
		}
	}
}

func TestHelpReadsWellAndSucceeds(t *testing.T) {
	d := newConsole(t)
	for _, args := range []string{"--help", "users --help", "users create --help", "auth-apps rotate --help"} {
		if r := d.run("", strings.Fields(args)...); r.status != 0 || r.errors != "" || !strings.HasPrefix(r.out, "Usage: usher") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	for _, part := range []string{"users", "workspaces", "members", "auth-apps", "api-keys", "catalog", "Administration:", "--output"} {
		if r := d.run("", "--help"); !strings.Contains(r.out, part) {
			t.Errorf("the help does not list %q: %s", part, r.out)
		}
	}
}

func TestAPasswordIsNeverEmptyOrTooLong(t *testing.T) {
	d := newConsole(t)
	for stdin, want := range map[string]string{
		"": "no password", "\n": "no password", "\r\n": "no password", strings.Repeat("x", 1025) + "\n": "too long", strings.Repeat("x", 4000): "too long",
	} {
		if r := d.run(stdin, "users", "set-password", "usr_john"); r.status != 1 || !strings.Contains(r.errors, want) || len(d.called) > 0 {
			t.Errorf("%.10q: %+v, called %v", stdin, r, d.called)
		}
	}
	d.respond("CreateUser", &identityv1.CreateUserResponse{User: john}, nil)
	longest := strings.Repeat("ü", 512)
	for _, stdin := range []string{longest, longest + "\n", longest + "\r\n"} {
		r := d.run(stdin, "users", "create", "john.doe@gmail.com")
		if sent, ok := d.last.(*identityv1.CreateUserRequest); r.status != 0 || !ok || sent.GetPassword() != longest {
			t.Errorf("the longest password: %+v", r)
		}
	}
}

func TestACallThatTimesOutNamesItsService(t *testing.T) {
	d := newConsole(t)
	release := make(chan struct{})
	defer close(release)
	d.responses["ListUsers"] = func(proto.Message) (proto.Message, error) {
		<-release
		return &identityv1.ListUsersResponse{}, nil
	}
	r := d.run("", "users", "list", "--timeout", "50ms")
	if r.status != 1 || !strings.Contains(r.errors, "no response from the identity service") || !strings.Contains(r.errors, "--timeout") {
		t.Errorf("it ends with %+v", r)
	}
}

func TestWithoutAServiceTheCommandSaysWhatToSet(t *testing.T) {
	d := newConsole(t)
	t.Setenv("USHER_DATA_DIR", "elsewhere")
	r := d.run("", "users", "list")
	for _, part := range []string{"USHER_PEERS_IDENTITY", "USHER_TLS_CERT_FILE", "USHER_DATA_DIR", "usher dev", "elsewhere/operator/identity.sock"} {
		if r.status != 1 || !strings.Contains(r.errors, part) {
			t.Errorf("it does not say %q: %+v", part, r)
		}
	}
	t.Setenv("USHER_DATA_DIR", "data")
	t.Setenv("USHER_PEERS_IDENTITY", "127.0.0.1:1")
	if r := d.run("", "users", "list"); r.status != 1 || !strings.Contains(r.errors, "tls.cert_file") || !strings.Contains(r.errors, "/operator") {
		t.Errorf("an address without a certificate: %+v", r)
	}
	t.Setenv("USHER_TLS_CERT_FILE", "missing.pem")
	t.Setenv("USHER_TLS_KEY_FILE", "missing.pem")
	t.Setenv("USHER_TLS_CA_FILE", "missing.pem")
	if r := d.run("", "users", "list"); r.status != 1 || !strings.Contains(r.errors, "missing.pem") {
		t.Errorf("a certificate that is not there: %+v", r)
	}
}

func TestASocketWithoutAListenerIsUnreachable(t *testing.T) {
	d := newConsole(t)
	if err := os.MkdirAll("left/operator", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("left/operator/identity.sock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("USHER_DATA_DIR", "left")
	if r := d.run("", "users", "list"); r.status != 1 || !strings.Contains(r.errors, "cannot be reached: is it running?") {
		t.Errorf("it ends with %+v", r)
	}
}

func TestACatalogFileIsCheckedWithoutAnyService(t *testing.T) {
	d := newConsole(t)
	t.Setenv("USHER_DATA_DIR", "elsewhere")
	const good = "scopes:\n  - {name: \"videos:read\", description: View videos}\n" +
		"endpoints:\n  - {endpoint: \"GET /v1/videos\", scope: \"videos:read\"}\nplans:\n  - {name: free, endpoints: all}\n"
	for name, text := range map[string]string{"good.yaml": good, "bad.yaml": strings.Replace(good, "scope: \"videos:read\"", "scope: \"videos:raed\"", 1)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := d.run("", "catalog", "check", "good.yaml"); r.status != 0 || !strings.Contains(r.out, "good.yaml is valid") {
		t.Errorf("a good one: %+v", r)
	}
	if r := d.run("", "catalog", "check", "good.yaml", "-o", "json"); r.status != 0 || !strings.Contains(r.out, `"GET /v1/videos"`) {
		t.Errorf("a good one as JSON: %+v", r)
	}
	if r := d.run("", "catalog", "check", "bad.yaml"); r.status != 1 || !strings.Contains(r.errors, "line 4") {
		t.Errorf("a bad one: %+v", r)
	}
	if r := d.run("", "catalog", "check", "none.yaml"); r.status != 1 || !strings.Contains(r.errors, "none.yaml") {
		t.Errorf("none: %+v", r)
	}
}
