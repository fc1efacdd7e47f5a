package upgrade

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// identityReplica is one identity process, as the gateway calls it.
type identityReplica struct {
	identityv1.SessionServiceClient

	t *testing.T
}

func newIdentityReplica(t *testing.T, d *harness.Deployment, name string) identityReplica {
	t.Helper()
	conn, err := d.DialAt("gateway", "identity", d.GRPCAddr(name))
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, conn.Close()) })
	return identityReplica{identityv1.NewSessionServiceClient(conn), t}
}

// begin signs John in with a browser that has the previous session, which may be empty.
func (i identityReplica) begin(previous string) string {
	i.t.Helper()
	res, err := i.AuthenticateUser(i.t.Context(), &identityv1.AuthenticateUserRequest{
		EmailAddress: harness.JohnEmail, Password: harness.UserPassword, PreviousSessionToken: previous,
	})
	expect.NoError(i.t, err)
	return res.GetSessionToken()
}

func (i identityReplica) end(session string) {
	i.t.Helper()
	_, err := i.EndSession(i.t.Context(), &identityv1.EndSessionRequest{SessionToken: session})
	expect.NoError(i.t, err)
}

func (i identityReplica) wantLive(what, session string, want bool) {
	i.t.Helper()
	_, err := i.GetSession(i.t.Context(), &identityv1.GetSessionRequest{SessionToken: session})
	if code := status.Code(err); code != codes.OK && code != codes.Unauthenticated {
		i.t.Fatalf("%s: %v", what, err)
	}
	expect.Equal(i.t, what+" is live", err == nil, want)
}

// wantSessions checks what UPGRADE.md says of browser sessions while identity has processes of both releases.
func wantSessions(t *testing.T, d *harness.Deployment) {
	t.Helper()
	previous, next := newIdentityReplica(t, d, "identity-2"), newIdentityReplica(t, d, "identity")
	for what, end := range map[string]func(at identityReplica, session string){
		"a sign-out": identityReplica.end,
		"a sign-in":  func(at identityReplica, session string) { at.begin(session) },
	} {
		for _, row := range []struct {
			name           string
			begins, ends   identityReplica
			liveAtPrevious bool
			liveAtNext     bool
		}{
			{name: "at 0.1 that ends a session of 0.1", begins: previous, ends: previous},
			{name: "at 0.1 that ends a session of 0.2", begins: next, ends: previous, liveAtNext: true},
			{name: "at 0.2 that ends a session of 0.1", begins: previous, ends: next},
			{name: "at 0.2 that ends a session of 0.2", begins: next, ends: next},
		} {
			session := row.begins.begin("")
			previous.wantLive("before "+what+" "+row.name+", at 0.1 it", session, true)
			next.wantLive("before "+what+" "+row.name+", at 0.2 it", session, true)
			end(row.ends, session)
			previous.wantLive("after "+what+" "+row.name+", at 0.1 it", session, row.liveAtPrevious)
			next.wantLive("after "+what+" "+row.name+", at 0.2 it", session, row.liveAtNext)
		}
	}
}
