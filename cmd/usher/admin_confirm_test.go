package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// ending is a command that ends access, what it counts, and how it says what ends.
type ending struct {
	args, method string
	count        *tokenv1.CountAccessRequest
	says         string
}

func endings() []ending {
	return []ending{
		{"clients disable vdo_client_a", "DisableClient", &tokenv1.CountAccessRequest{ClientId: "vdo_client_a"}, "1,234 grants of 1 user to vdo_client_a"},
		{"grants revoke --client vdo_client_a", "RevokeClientGrants", &tokenv1.CountAccessRequest{ClientId: "vdo_client_a"}, "1,234 grants of 1 user to vdo_client_a"},
		{"grants revoke --user usr_john", "RevokeUserGrants", &tokenv1.CountAccessRequest{UserId: "usr_john"}, "1,234 grants of usr_john"},
		{
			"grants revoke --user usr_john --client vdo_client_a", "RevokeUserGrants",
			&tokenv1.CountAccessRequest{UserId: "usr_john", ClientId: "vdo_client_a"}, "1,234 grants of usr_john to vdo_client_a",
		},
		{"users disable usr_john", "DisableUser", &tokenv1.CountAccessRequest{UserId: "usr_john"}, "1,234 grants, 12 user tokens and all browser sessions of usr_john"},
		{
			"members remove ws_acme usr_john", "RemoveMember",
			&tokenv1.CountAccessRequest{UserId: "usr_john", WorkspaceId: "ws_acme"}, "1,234 grants and 12 user tokens of usr_john for ws_acme",
		},
		{"auth-apps revoke aap_portal", "RevokeAuthenticationApp", &tokenv1.CountAccessRequest{AuthenticationAppId: "aap_portal"}, "12 user tokens of 3 users through aap_portal"},
		{"registration-tokens revoke iat_one", "RevokeInitialAccessToken", nil, "the registration of further clients with iat_one"},
		{
			"workspaces end-app ws_acme vdo_client_a", "EndWorkspaceApp", nil,
			"the access of vdo_client_a to ws_acme for all members who connected it",
		},
		{"api-keys revoke key_one", "RevokeApiKey", nil, "the access of every program that uses key_one"},
	}
}

func counted() *tokenv1.CountAccessResponse {
	return &tokenv1.CountAccessResponse{Grants: 1234, GrantUsers: 1, UserTokens: 12, UserTokenUsers: 3}
}

// ends prepares the responses of a command that ends access.
func (d *console) ends(e ending) {
	d.respond("CountAccess", counted(), nil)
	for _, c := range append(commands(), clientCommands()...) {
		if c.method == e.method {
			d.respond(c.method, c.res, nil)
		}
	}
}

// TestFault_C11_WithoutATerminalNothingEndsUnconfirmed: the error counts, and says what to add.
func TestFault_C11_WithoutATerminalNothingEndsUnconfirmed(t *testing.T) {
	d := newConsole(t)
	for _, e := range endings() {
		d.ends(e)
		r := d.run("y\n", strings.Fields(e.args)...)
		if r.status != failed || r.out != "" || r.errors != "usher: this ends "+e.says+": add --yes to go on, or --dry-run to only count\n" {
			t.Errorf("%s: %+v", e.args, r)
		}
		if slices.Contains(d.called, e.method) {
			t.Errorf("%s called %v", e.args, d.called)
		}
		if e.count == nil {
			continue
		}
		if diff := cmp.Diff(proto.Message(e.count), d.last, protocmp.Transform()); diff != "" {
			t.Errorf("%s counted (-want +got):\n%s", e.args, diff)
		}
	}
}

// TestFault_C11_ADryRunOnlyCounts, in a table and in JSON.
func TestFault_C11_ADryRunOnlyCounts(t *testing.T) {
	d := newConsole(t)
	for _, e := range endings() {
		d.ends(e)
		if r := d.run("", append(strings.Fields(e.args), "--dry-run")...); r.status != succeeded || r.out != "would end "+e.says+"\n" || slices.Contains(d.called, e.method) {
			t.Errorf("%s: %+v, called %v", e.args, r, d.called)
		}
		want := `"grants": "1234"`
		if e.count == nil {
			want = "{}"
		}
		if r := d.run("", append(strings.Fields(e.args), "--dry-run", "-o", "json")...); r.status != succeeded || !strings.Contains(r.out, want) {
			t.Errorf("%s as JSON: %+v", e.args, r)
		}
		if r := d.run("", append(strings.Fields(e.args), "--dry-run", "--yes")...); r.status != wrongUsage || len(d.called) > 0 {
			t.Errorf("%s with both flags: %+v", e.args, r)
		}
	}
}

// TestFault_C11_ACountAtItsBoundSaysSo.
func TestFault_C11_ACountAtItsBoundSaysSo(t *testing.T) {
	d := newConsole(t)
	d.respond("CountAccess", &tokenv1.CountAccessResponse{Grants: 10_000, GrantUsers: 9_876, Truncated: true}, nil)
	r := d.run("", "clients", "disable", "vdo_client_a", "--dry-run")
	if r.out != "would end at least 10,000 grants of at least 9,876 users to vdo_client_a\n" {
		t.Errorf("%+v", r)
	}
}

// terminal is a pseudo-terminal with a person who types a line when a prompt has been written.
func (d *console) terminal(typed string, args ...string) (shown string, status int) {
	d.t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		d.t.Fatal(err)
	}
	if _, err := master.WriteString(typed); err != nil {
		d.t.Fatal(err)
	}
	status = d.execute(admin.Streams{In: slave, Out: slave, Err: slave}, args...)
	var screen bytes.Buffer
	read := make(chan struct{})
	go func() {
		_, _ = io.Copy(&screen, master) // a terminal without a process is an error at its end
		close(read)
	}()
	if err := slave.Close(); err != nil {
		d.t.Error(err)
	}
	<-read
	if err := master.Close(); err != nil {
		d.t.Error(err)
	}
	return strings.ReplaceAll(screen.String(), "\r\n", "\n"), status
}

// TestFault_C11_AtATerminalThePersonDecides after reading what ends.
func TestFault_C11_AtATerminalThePersonDecides(t *testing.T) {
	d := newConsole(t)
	for _, e := range endings() {
		for typed, goesOn := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "yeah\n": false, "\x04": false} {
			d.ends(e)
			shown, status := d.terminal(typed, strings.Fields(e.args)...)
			if !strings.Contains(shown, "This ends "+e.says+". Go on? [y/N] ") || slices.Contains(d.called, e.method) != goesOn || (status == succeeded) != goesOn {
				t.Errorf("%s, typed %q: exit %d, called %v, shown %q", e.args, typed, status, d.called, shown)
			}
			if !goesOn && !strings.Contains(shown, "not confirmed: nothing was changed") {
				t.Errorf("%s, typed %q: shown %q", e.args, typed, shown)
			}
		}
	}
}

// TestFault_C11_TablesFitTheTerminal of 80 columns, and are whole with --wide and in a pipe.
func TestFault_C11_TablesFitTheTerminal(t *testing.T) {
	d := newConsole(t)
	name := strings.Repeat("山田 太郎 ", 20)
	d.respond("ListUsers", &identityv1.ListUsersResponse{Users: []*identityv1.User{{UserId: "usr_john", EmailAddress: "john.doe@gmail.com", DisplayName: name, CreateTime: at}}}, nil)
	shown, status := d.terminal("", "users", "list")
	lines := strings.Split(shown, "\n")
	if status != succeeded || len(lines) != 4 || !strings.Contains(lines[1], "…") || !strings.Contains(lines[1], "2026-11-24T06:30:00Z") || !strings.Contains(lines[2], "--wide") {
		t.Errorf("exit %d, shown %q", status, shown)
	}
	if shown, _ := d.terminal("", "users", "list", "--wide"); !strings.Contains(shown, name) {
		t.Errorf("--wide shows %q", shown)
	}
	if r := d.run("", "users", "list"); !strings.Contains(r.out, name) || r.errors != "" {
		t.Errorf("a pipe has %+v", r)
	}
}

// TestFault_C11_AShortPasswordIsRefusedBeforeAnyCall.
func TestFault_C11_AShortPasswordIsRefusedBeforeAnyCall(t *testing.T) {
	d := newConsole(t)
	for _, args := range [][]string{{"users", "create", "a@b.example"}, {"users", "set-password", "usr_john"}} {
		if r := d.run("12345\n", args...); r.status != failed || !strings.Contains(r.errors, "at least 12 characters") || len(d.called) > 0 {
			t.Errorf("%v: %+v, called %v", args, r, d.called)
		}
		if shown, status := d.terminal("12345\n", args...); status != failed || !strings.Contains(shown, "at least 12 characters") {
			t.Errorf("%v at a terminal: exit %d, shown %q", args, status, shown)
		}
	}
}

// TestFault_C10_APasswordIsTypedAtATerminal, twice, as docs/cli.md says.
func TestFault_C10_APasswordIsTypedAtATerminal(t *testing.T) {
	d := newConsole(t)
	d.respond("CreateUser", &identityv1.CreateUserResponse{User: john}, nil)
	d.respond("SetPassword", &tokenv1.SetPasswordResponse{}, nil)
	for _, args := range [][]string{
		{"users", "create", "jane@example.com", "--first-name", "Jane", "--last-name", "Roe"}, {"users", "set-password", "usr_john"},
	} {
		shown, status := d.terminal("a long password\na long password\n", args...)
		sent, ok := d.last.(interface{ GetPassword() string })
		if status != succeeded || !ok || sent.GetPassword() != "a long password" || !strings.Contains(shown, "New password: \nRepeat it: ") {
			t.Errorf("%v: exit %d, called %v, shown %q", args, status, d.called, shown)
		}
		if shown, status := d.terminal("a long password\nanother password\n", args...); status != failed || !strings.Contains(shown, "differ") || len(d.called) > 0 {
			t.Errorf("%v, typed two passwords: exit %d, shown %q", args, status, shown)
		}
	}
}
