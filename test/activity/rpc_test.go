package activity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// method is an RPC of the contract.
type method struct {
	// name is "token.v1.ApiKeyService/CreateApiKey".
	name    string
	callers []rpcv1.Caller
	// session says that a browser session authorizes it, and reads that it changes nothing.
	session, reads bool
	output         protoreflect.FullName
	input          protoreflect.MessageDescriptor
}

// service is the name of the process that serves it.
func (m method) service() string {
	service, _, _ := strings.Cut(m.name, ".")
	return service
}

// methods returns every RPC, by name. The tests import the protos of every service.
func methods() map[string]method {
	all := map[string]method{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			list := file.Services().Get(i).Methods()
			for j := range list.Len() {
				m := list.Get(j)
				options, ours := m.Options().(*descriptorpb.MethodOptions)
				callers, _ := proto.GetExtension(options, rpcv1.E_Callers).([]rpcv1.Caller)
				if !ours || len(callers) == 0 {
					continue
				}
				name := strings.TrimPrefix(string(m.Parent().FullName()), "usher.") + "/" + string(m.Name())
				all[name] = method{
					name: name, callers: callers, session: m.Input().Fields().ByName("session_token") != nil,
					reads:  options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS,
					output: m.Output().FullName(), input: m.Input(),
				}
			}
		}
		return true
	})
	return all
}

// caller calls RPCs of a deployment with the certificate of any caller.
type caller struct {
	d     *harness.Deployment
	all   map[string]method
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
	key := as + "/" + m.service()
	if c.conns[key] == nil {
		conn, err := c.d.Dial(as, m.service())
		expect.NoError(t, err)
		c.conns[key] = conn
	}
	output, err := protoregistry.GlobalTypes.FindMessageByName(m.output)
	expect.NoError(t, err)
	res := output.New().Interface()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only a hang reaches it
	defer cancel()
	ctx = requestid.Forward(requestid.Begin(ctx)) // as the gateway does
	return res, c.conns[key].Invoke(ctx, "/usher."+name, req, res, grpc.WaitForReady(true))
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
func jwk(t *testing.T, kid string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	expect.NoError(t, err)
	point, err := key.PublicKey.Bytes()
	expect.NoError(t, err)
	const size = 32
	text, err := json.Marshal(map[string]string{
		"kty": "EC", "crv": "P-256", "kid": kid, "x": base64.RawURLEncoding.EncodeToString(point[1 : 1+size]),
		"y": base64.RawURLEncoding.EncodeToString(point[1+size:]), "alg": "ES256", "use": "sig",
	})
	expect.NoError(t, err)
	return string(text)
}

func keySet(keys ...string) string { return fmt.Sprintf(`{"keys":[%s]}`, strings.Join(keys, ",")) }
