package token_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/inproc/inproctest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token"
)

// people is a fake of the identity service: John, until he is disabled, and the users that he may
// see.
type people struct {
	identityv1.UnimplementedCredentialServiceServer
	identityv1.UnimplementedDirectoryServiceServer
	identityv1.UnimplementedAdministrationServiceServer

	mu       sync.Mutex
	disabled bool
	// meanwhile runs between the verification of a proof and its response.
	meanwhile func()
	failure   error
}

func (p *people) john() (*identityv1.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure != nil {
		return nil, p.failure
	}
	if p.disabled {
		return nil, oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x")
	}
	return &identityv1.User{UserId: "usr_john", EmailAddress: "john@x", DisplayName: "John"}, nil
}

func (p *people) VerifyPassword(context.Context, *identityv1.VerifyPasswordRequest) (*identityv1.VerifyPasswordResponse, error) {
	u, err := p.john()
	if p.meanwhile != nil {
		p.meanwhile()
	}
	return &identityv1.VerifyPasswordResponse{User: u}, err
}

func (p *people) VerifyClientSecret(context.Context, *identityv1.VerifyClientSecretRequest) (*identityv1.VerifyClientSecretResponse, error) {
	u, err := p.john()
	return &identityv1.VerifyClientSecretResponse{User: u, AuthenticationAppId: "aap_1", WorkspaceId: "ws_acme"}, err
}

func (p *people) GetVisibleUser(_ context.Context, req *identityv1.GetVisibleUserRequest) (*identityv1.GetVisibleUserResponse, error) {
	u, err := p.john()
	if err == nil && (req.GetEmailAddress() != "john@x" || req.GetActorUserId() != "usr_john") {
		err = oerr.New(errorv1.Reason_REASON_NOT_FOUND, "x")
	}
	return &identityv1.GetVisibleUserResponse{User: u, Workspaces: []*identityv1.Workspace{
		{WorkspaceId: req.GetOnlyWorkspaceId(), Role: identityv1.Role_ROLE_ADMINISTRATOR},
	}}, err
}

func (p *people) ApplyDisableUser(context.Context, *identityv1.ApplyDisableUserRequest) (*identityv1.ApplyDisableUserResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.disabled = true
	return &identityv1.ApplyDisableUserResponse{}, nil
}

type userBench struct {
	*people
	db               *sqldb.DB
	logs             *bytes.Buffer
	users            tokenv1.UserServiceClient
	introspect       tokenv1.IntrospectionServiceClient
	accessRevocation tokenv1.EndingServiceClient
}

func newUserBench(t *testing.T) userBench {
	t.Helper()
	b := userBench{people: &people{}, logs: &bytes.Buffer{}, db: database(t)}
	network := inproc.NewNetwork()
	inproctest.Serve(t, network, rpcserver.Options{Name: "identity"}, func(r grpc.ServiceRegistrar) {
		identityv1.RegisterCredentialServiceServer(r, b.people)
		identityv1.RegisterDirectoryServiceServer(r, b.people)
		identityv1.RegisterAdministrationServiceServer(r, b.people)
	})
	dial := func(caller, service string) *grpc.ClientConn {
		conn, err := network.Dial(caller, service, rpcclient.Options()...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	service, err := token.New(t.Context(), token.DefaultConfig(), token.Deps{
		Logger: slog.New(slog.NewTextHandler(b.logs, nil)), DB: b.db, Identity: dial("token", "identity"), Catalog: catalog.Fixed(catalog.Default()),
	})
	if err != nil {
		t.Fatal(err)
	}
	inproctest.Serve(t, network, rpcserver.Options{Name: "token"}, service.Register)
	b.introspect = tokenv1.NewIntrospectionServiceClient(dial("gateway", "token"))
	b.users, b.accessRevocation = tokenv1.NewUserServiceClient(dial("gateway", "token")), tokenv1.NewEndingServiceClient(dial("operator", "token"))
	return b
}

func (b userBench) signIn(t *testing.T) string {
	t.Helper()
	password := "sentinel"
	res, err := b.users.AuthenticateUser(t.Context(), &tokenv1.AuthenticateUserRequest{EmailAddress: "john@x", Password: &password})
	if err != nil {
		t.Fatalf("AuthenticateUser: %v", err)
	}
	return res.GetToken()
}

func (b userBench) read(t *testing.T, token, email string) (*tokenv1.GetUserResponse, error) {
	t.Helper()
	return b.users.GetUser(t.Context(), &tokenv1.GetUserRequest{Token: token, EmailAddress: email})
}

func TestWireContract8_TheWayOfAUserToken(t *testing.T) {
	b := newUserBench(t)
	first := b.signIn(t)
	if u, err := b.read(t, first, "john@x"); err != nil || u.GetStatus() != "Active" || u.GetWorkspaces()[0].GetRole() != "administrator" {
		t.Errorf("GetUser: %v %v", u, err)
	}
	_, err := b.read(t, first, "nobody@x")
	wantReason(t, err, errorv1.Reason_REASON_UNAUTHORIZED_ACCESS)
	next, err := b.users.RefreshAccessToken(t.Context(), &tokenv1.RefreshAccessTokenRequest{Token: first})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.read(t, first, "john@x")
	wantReason(t, err, errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN)
	for i := range 2 {
		_, err = b.users.Logout(t.Context(), &tokenv1.LogoutRequest{Token: next.GetToken()})
		if (err == nil) != (i == 0) {
			t.Errorf("logout %d: %v", i, err)
		}
	}
	_, err = b.users.RefreshAccessToken(t.Context(), &tokenv1.RefreshAccessTokenRequest{Token: next.GetToken()})
	wantReason(t, err, errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN)
	for _, unknown := range []string{"", "garbage", strings.Repeat("A", 180), "vdo_oat_x"} {
		_, err = b.read(t, unknown, "john@x")
		wantReason(t, err, errorv1.Reason_REASON_INVALID_ACCESS_TOKEN)
	}
	if log := b.logs.String(); !strings.Contains(log, "user token issued") || !strings.Contains(log, "usr_john") || strings.Contains(log, "sentinel") || strings.Contains(log, first) {
		t.Errorf("the log has %s", log)
	}
}

// TestASignInAtTheUserAPIIsAnEvent of the audit trail, with where it came from; a refresh is none, and
// neither is a token that was refused.
func TestASignInAtTheUserAPIIsAnEvent(t *testing.T) {
	b, proof := newUserBench(t), "sentinel"
	from := &tokenv1.AuthenticateUserRequest{EmailAddress: "john@x", Password: &proof, SourceAddress: "203.0.113.77", UserAgent: "curl/8.5\n"}
	signedIn, err := b.users.AuthenticateUser(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.users.RefreshAccessToken(t.Context(), &tokenv1.RefreshAccessTokenRequest{Token: signedIn.GetToken()}); err != nil {
		t.Fatal(err)
	}
	from.Password, from.ClientSecret = nil, &proof
	if _, err := b.users.AuthenticateUser(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	from.Password, from.ClientSecret = &proof, nil
	b.meanwhile = func() {
		if _, err := b.accessRevocation.DisableUser(context.WithoutCancel(t.Context()), &tokenv1.DisableUserRequest{UserId: "usr_john"}); err != nil {
			t.Errorf("DisableUser: %v", err)
		}
	}
	_, err = b.users.AuthenticateUser(t.Context(), from)
	wantReason(t, err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
	const details = `{"network":"203.0.113.*","user_agent":"curl/8.5"}`
	want := []string{
		"user_token.issued by 1 usr_john: usr_john    " + details, // the user
		"user_token.issued by 3 aap_1: usr_john  aap_1  " + details,
	}
	if diff := cmp.Diff(want, eventsIn(t, b.db, `kind || ' by ' || actor_kind || ' ' || actor_id || ': ' ||
    user_id || ' ' || workspace_id || ' ' || client_id || ' ' || object_id || ' ' || details`)); diff != "" {
		t.Error(diff)
	}
}

func TestWireContract8_ExactlyOneProofIsNamedOrRefused(t *testing.T) {
	b, text, empty := newUserBench(t), "x", ""
	for _, row := range []struct {
		req   *tokenv1.AuthenticateUserRequest
		names []string
	}{
		{&tokenv1.AuthenticateUserRequest{}, []string{"emailAddress", "password", "clientSecret"}},
		{&tokenv1.AuthenticateUserRequest{EmailAddress: "j@x", Password: &text, ClientSecret: &text}, []string{"password", "clientSecret"}},
		{&tokenv1.AuthenticateUserRequest{EmailAddress: "j@x", Password: &text, ClientSecret: &empty}, []string{"password", "clientSecret"}},
		{&tokenv1.AuthenticateUserRequest{EmailAddress: "j@x", Password: &empty}, []string{"password"}},
		{&tokenv1.AuthenticateUserRequest{EmailAddress: "", ClientSecret: &empty}, []string{"emailAddress", "clientSecret"}},
	} {
		_, err := b.users.AuthenticateUser(t.Context(), row.req)
		wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST)
		problems := strings.Split(oerr.Message(err), "; ")
		for i, name := range row.names {
			if len(problems) != len(row.names) || !strings.HasPrefix(problems[i], name+" ") {
				t.Errorf("%v: %q, want %v", row.req, problems, row.names)
			}
		}
	}
}

func TestADisabledUsersTokensEndAndNoneComesOfAnOlderProof(t *testing.T) {
	b := newUserBench(t)
	before := b.signIn(t)
	b.meanwhile = func() {
		if _, err := b.accessRevocation.DisableUser(context.WithoutCancel(t.Context()), &tokenv1.DisableUserRequest{UserId: "usr_john"}); err != nil {
			t.Errorf("DisableUser: %v", err)
		}
	}
	password := "p"
	_, err := b.users.AuthenticateUser(t.Context(), &tokenv1.AuthenticateUserRequest{EmailAddress: "john@x", Password: &password})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
	_, err = b.read(t, before, "john@x")
	wantReason(t, err, errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN)
	_, err = b.users.RefreshAccessToken(t.Context(), &tokenv1.RefreshAccessTokenRequest{Token: before})
	wantReason(t, err, errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN)
}

func TestNothingOfIdentitysOwnFailuresLeaks(t *testing.T) {
	b := newUserBench(t)
	bearer := b.signIn(t)
	b.failure = oerr.New(errorv1.Reason_REASON_CALLER_DENIED, "sentinel")
	_, err := b.read(t, bearer, "john@x")
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("it answers %v", err)
	}
	b.failure = oerr.Unavailable(nil)
	_, err = b.read(t, bearer, "john@x")
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE)
}
