package activity

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
	"github.com/vidocu/usher/test/rpcs"
)

// methods returns every RPC by its name.
func methods() map[string]rpcs.Method {
	all := map[string]rpcs.Method{}
	for _, m := range rpcs.All() {
		all[m.Name] = m
	}
	return all
}

// caller calls RPCs of a deployment with the certificate of any caller.
type caller struct {
	d     *harness.Deployment
	all   map[string]rpcs.Method
	conns map[string]*grpc.ClientConn
}

func newCaller(t *testing.T, d *harness.Deployment) *caller {
	t.Helper()
	c := &caller{d: d, all: methods(), conns: map[string]*grpc.ClientConn{}}
	t.Cleanup(func() {
		for _, conn := range c.conns {
			expect.NoError(t, conn.Close())
		}
	})
	return c
}

// call calls an RPC as the holder of a certificate, and returns its response.
func (c *caller) call(t *testing.T, as, name string, req proto.Message) (proto.Message, error) {
	t.Helper()
	m, found := c.all[name]
	if !found {
		t.Fatalf("there is no RPC %s", name)
	}
	key := as + "/" + m.Service()
	if c.conns[key] == nil {
		conn, err := c.d.Dial(as, m.Service())
		expect.NoError(t, err)
		c.conns[key] = conn
	}
	output, err := protoregistry.GlobalTypes.FindMessageByName(m.Output.FullName())
	expect.NoError(t, err)
	res := output.New().Interface()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only a hang reaches it
	defer cancel()
	ctx = requestid.Forward(requestid.Begin(ctx)) // as the gateway does
	return res, c.conns[key].Invoke(ctx, m.Path(), req, res, grpc.WaitForReady(true))
}

// must is call for an RPC that succeeds.
func (c *caller) must(t *testing.T, as, name string, req proto.Message) proto.Message {
	t.Helper()
	res, err := c.call(t, as, name, req)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return res
}

// person is a user with a session.
type person struct{ id, email, session string }

// newPerson registers a user, in a workspace unless that is empty, and signs in.
func (c *caller) newPerson(t *testing.T, email, workspace string, role identityv1.Role) person {
	t.Helper()
	const admin = "identity.v1.AdministrationService/"
	created := c.must(t, "operator", admin+"CreateUser", &identityv1.CreateUserRequest{
		EmailAddress: email, FirstName: "A", LastName: "B", Password: harness.UserPassword,
	})
	p := person{id: as[*identityv1.CreateUserResponse](t, created).GetUser().GetUserId(), email: email}
	if workspace != "" {
		c.must(t, "operator", admin+"AddMember", &identityv1.AddMemberRequest{UserId: p.id, WorkspaceId: workspace, Role: role})
	}
	p.session = c.signIn(t, p)
	return p
}

func (c *caller) signIn(t *testing.T, p person) (session string) {
	t.Helper()
	res := c.must(t, "gateway", "identity.v1.SessionService/AuthenticateUser", &identityv1.AuthenticateUserRequest{
		EmailAddress: p.email, Password: harness.UserPassword, SourceAddress: "127.0.0.1",
	})
	session = as[*identityv1.AuthenticateUserResponse](t, res).GetSessionToken()
	c.d.RecordSecret("session", session)
	return session
}

// as returns a response as its type.
func as[T proto.Message](t *testing.T, m proto.Message) T {
	t.Helper()
	typed, ok := m.(T)
	if !ok {
		t.Fatalf("the response is a %T", m)
	}
	return typed
}

// jwk returns a new public key (RFC 7517) with an identifier.
func jwk(t *testing.T, id string) string {
	t.Helper()
	return josetest.New(t, "ES256", id).JWK()
}
