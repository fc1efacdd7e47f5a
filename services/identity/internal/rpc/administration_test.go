package rpc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

func newUser() *identityv1.CreateUserRequest {
	return &identityv1.CreateUserRequest{EmailAddress: " Zoe@A.test", FirstName: "Zoe ", LastName: "Zin", Password: "a long password"}
}

func TestANewUserSignsInUnderEverySpelling(t *testing.T) {
	d := open(t)
	created, err := d.CreateUser(t.Context(), newUser())
	u := created.GetUser()
	if err != nil || !strings.HasPrefix(u.GetUserId(), "usr_") || u.GetEmailAddress() != "zoe@a.test" || u.GetDisplayName() != "Zoe Zin" ||
		u.GetFirstName() != "Zoe" || u.GetDisabled() || u.GetCreateTime() == nil {
		t.Fatalf("%v, %v", u, err)
	}
	if err := d.passwordFrom("")(t.Context(), "ZOE@a.TEST", "a long password"); err != nil {
		t.Errorf("signing in: %v", err)
	}
	_, err = d.CreateUser(t.Context(), newUser())
	wantReason(t, "the address again", err, errorv1.Reason_REASON_ALREADY_EXISTS)
	for _, req := range []*identityv1.FindUserRequest{
		{By: &identityv1.FindUserRequest_UserId{UserId: u.GetUserId()}},
		{By: &identityv1.FindUserRequest_EmailAddress{EmailAddress: "ZOE@a.test"}},
	} {
		if found, err := d.FindUser(t.Context(), req); err != nil || found.GetUser().GetUserId() != u.GetUserId() {
			t.Errorf("%v: %v, %v", req, found, err)
		}
	}
	_, err = d.FindUser(t.Context(), &identityv1.FindUserRequest{By: &identityv1.FindUserRequest_UserId{UserId: "usr_nobody"}})
	wantReason(t, "no user", err, errorv1.Reason_REASON_NOT_FOUND)
}

func TestAFieldThatCannotBeUsedIsNamed(t *testing.T) {
	d := open(t)
	for name, change := range map[string]func(*identityv1.CreateUserRequest){
		"email_address": func(r *identityv1.CreateUserRequest) { r.EmailAddress = "zoe" },
		"first_name":    func(r *identityv1.CreateUserRequest) { r.FirstName = " " },
		"last_name":     func(r *identityv1.CreateUserRequest) { r.LastName = strings.Repeat("é", 101) },
		"display_name":  func(r *identityv1.CreateUserRequest) { r.DisplayName = "a\u202eb" },
		"password":      func(r *identityv1.CreateUserRequest) { r.Password = strings.Repeat("x", 1025) },
	} {
		req := newUser()
		change(req)
		_, err := d.CreateUser(t.Context(), req)
		wantField(t, name, err)
	}
	_, plan := d.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "X", Plan: "gold"})
	wantField(t, "plan", plan)
	_, id := d.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "X", Plan: "pro", WorkspaceId: "ws_a b"})
	wantField(t, "workspace_id", id)
	_, changed := d.ApplySetWorkspacePlan(t.Context(), &identityv1.ApplySetWorkspacePlanRequest{WorkspaceId: "ws_acme", Plan: "gold"})
	wantField(t, "plan", changed)
	_, role := d.AddMember(t.Context(), &identityv1.AddMemberRequest{UserId: "usr_john", WorkspaceId: "ws_acme"})
	wantField(t, "role", role)
	_, app := d.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{})
	wantField(t, "name", app)
	_, password := d.ApplySetPassword(t.Context(), &identityv1.ApplySetPasswordRequest{UserId: "usr_john"})
	wantField(t, "password", password)
	_, short := d.ApplySetPassword(t.Context(), &identityv1.ApplySetPasswordRequest{UserId: "usr_john", Password: "12345678901"})
	wantField(t, "password", short)
	for _, overlap := range []int64{-1, 30*24*3600 + 1, 1 << 62} {
		_, err := d.RotateAuthenticationAppSecret(t.Context(), &identityv1.RotateAuthenticationAppSecretRequest{
			AuthenticationAppId: "aap_example", OverlapSeconds: overlap,
		})
		wantField(t, "overlap_seconds", err)
	}
	_, size := d.ListUsers(t.Context(), &identityv1.ListUsersRequest{PageSize: 1001})
	wantField(t, "page_size", size)
	for _, token := range []string{"!", "e30", "WyJhIiwiYiJd", "WyJcdTAwMDAiXQ"} {
		_, err := d.ListUsers(t.Context(), &identityv1.ListUsersRequest{PageToken: token})
		wantField(t, "page_token", err)
	}
}

func wantField(t *testing.T, field string, err error) {
	t.Helper()
	wantReason(t, field, err, errorv1.Reason_REASON_INVALID_REQUEST)
	if oerr.Field(err) != field {
		t.Errorf("the field is %q, want %q: %v", oerr.Field(err), field, err)
	}
}

func TestListsComePageByPage(t *testing.T) {
	d := open(t)
	for i := range 5 {
		req := newUser()
		req.EmailAddress, req.Password = fmt.Sprintf("u%d@a.test", i), ""
		if _, err := d.CreateUser(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if _, err := d.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: fmt.Sprintf("B %d", i), Plan: "free"}); err != nil {
			t.Fatal(err)
		}
	}
	var users, workspaces []string
	for token, more := "", true; more; more = token != "" {
		page, err := d.ListUsers(t.Context(), &identityv1.ListUsersRequest{PageSize: 3, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.GetUsers() {
			users = append(users, u.GetEmailAddress())
		}
		token = page.GetNextPageToken()
	}
	for token, more := "", true; more; more = token != "" {
		page, err := d.ListAllWorkspaces(t.Context(), &identityv1.ListAllWorkspacesRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page.GetWorkspaces() {
			workspaces = append(workspaces, w.GetName())
		}
		token = page.GetNextPageToken()
	}
	if got := strings.Join(users, " "); got != "esther.fray@gmail.com john.doe@gmail.com u0@a.test u1@a.test u2@a.test u3@a.test u4@a.test" {
		t.Errorf("users are %s", got)
	}
	if got := strings.Join(workspaces, ","); got != "Acme Studio,B 0,B 1,B 2,B 3,B 4,Doe Family" {
		t.Errorf("workspaces are %s", got)
	}
}

func TestACheckedPasswordChangesNothing(t *testing.T) {
	d := open(t)
	session := d.signIn(t, "")
	if _, err := d.CheckPassword(t.Context(), &identityv1.CheckPasswordRequest{UserId: "usr_john", Password: "another password"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.get(t, session); err != nil {
		t.Errorf("the session: %v", err)
	}
	if err := d.passwordFrom("")(t.Context(), address, right); err != nil {
		t.Errorf("the old password: %v", err)
	}
	_, err := d.CheckPassword(t.Context(), &identityv1.CheckPasswordRequest{UserId: "usr_nobody", Password: "another password"})
	wantReason(t, "of an unknown user", err, errorv1.Reason_REASON_NOT_FOUND)
	_, err = d.CheckPassword(t.Context(), &identityv1.CheckPasswordRequest{Password: "another password"})
	wantReason(t, "of no user", err, errorv1.Reason_REASON_INVALID_REQUEST)
}

func TestSecurityCase16_DisablingAndANewPasswordEndEverySession(t *testing.T) {
	d := open(t)
	first, second := d.signIn(t, ""), d.signIn(t, "")
	if _, err := d.ApplySetPassword(t.Context(), &identityv1.ApplySetPasswordRequest{UserId: "usr_john", Password: "another password"}); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{first, second} {
		_, err := d.get(t, token)
		wantReason(t, "after a new password", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	}
	wantReason(t, "the password before", d.passwordFrom("")(t.Context(), address, right), errorv1.Reason_REASON_INVALID_CREDENTIALS)
	res, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: address, Password: "another password"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.get(t, res.GetSessionToken()); err != nil {
		t.Errorf("a sign-in with it: %v", err)
	}
	if _, err := d.ApplyDisableUser(t.Context(), &identityv1.ApplyDisableUserRequest{UserId: "usr_john"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.EnableUser(t.Context(), &identityv1.EnableUserRequest{UserId: "usr_john"}); err != nil {
		t.Fatal(err)
	}
	_, err = d.get(t, res.GetSessionToken())
	wantReason(t, "disabled and enabled again", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	_, err = d.ApplyDisableUser(t.Context(), &identityv1.ApplyDisableUserRequest{UserId: "usr_nobody"})
	wantReason(t, "no user", err, errorv1.Reason_REASON_NOT_FOUND)
}

func TestMembersComeAndGo(t *testing.T) {
	d := open(t)
	w, err := d.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "New", Plan: "pro", WorkspaceId: "ws_new"})
	if err != nil || w.GetWorkspace().GetWorkspaceId() != "ws_new" {
		t.Fatalf("%v, %v", w, err)
	}
	_, err = d.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "New", Plan: "pro", WorkspaceId: "ws_new"})
	wantReason(t, "the identifier again", err, errorv1.Reason_REASON_ALREADY_EXISTS)
	add := &identityv1.AddMemberRequest{UserId: "usr_esther", WorkspaceId: "ws_new", Role: identityv1.Role_ROLE_ADMINISTRATOR}
	if _, err := d.AddMember(t.Context(), add); err != nil {
		t.Fatal(err)
	}
	list, err := d.ListMembers(t.Context(), &identityv1.ListMembersRequest{WorkspaceId: "ws_new"})
	if err != nil || len(list.GetMembers()) != 1 || list.GetMembers()[0].GetRole() != identityv1.Role_ROLE_ADMINISTRATOR {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := d.ApplySetWorkspacePlan(t.Context(), &identityv1.ApplySetWorkspacePlanRequest{WorkspaceId: "ws_new", Plan: "free"}); err != nil {
		t.Error(err)
	}
	if m, err := membership(t, d, "usr_esther", "ws_new"); err != nil || m.GetPlan() != "free" {
		t.Errorf("the plan is %v, %v", m, err)
	}
	remove := &identityv1.ApplyRemoveMemberRequest{UserId: "usr_esther", WorkspaceId: "ws_new"}
	if _, err := d.ApplyRemoveMember(t.Context(), remove); err != nil {
		t.Error(err)
	}
	_, err = d.ApplyRemoveMember(t.Context(), remove)
	wantReason(t, "a former member", err, errorv1.Reason_REASON_NOT_FOUND)
	_, err = d.AddMember(t.Context(), &identityv1.AddMemberRequest{UserId: "usr_x", WorkspaceId: "ws_new", Role: 1})
	wantReason(t, "no user", err, errorv1.Reason_REASON_NOT_FOUND)
	_, err = d.ListMembers(t.Context(), &identityv1.ListMembersRequest{WorkspaceId: "ws_x"})
	wantReason(t, "no workspace", err, errorv1.Reason_REASON_NOT_FOUND)
}

func TestMembersAndAuthenticationAppsAreListedInPages(t *testing.T) {
	d := open(t)
	if _, err := d.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "New", Plan: "pro", WorkspaceId: "ws_new"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"usr_esther", "usr_john"} {
		if _, err := d.AddMember(t.Context(), &identityv1.AddMemberRequest{UserId: id, WorkspaceId: "ws_new", Role: identityv1.Role_ROLE_MEMBER}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: "Portal"}); err != nil {
		t.Fatal(err)
	}
	var members, apps []string
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		page, err := d.ListMembers(t.Context(), &identityv1.ListMembersRequest{WorkspaceId: "ws_new", PageSize: 1, PageToken: token})
		if err != nil || len(page.GetMembers()) != 1 {
			t.Fatalf("a page of one member: %v, %v", page, err)
		}
		members = append(members, page.GetMembers()[0].GetUser().GetUserId())
		token = page.GetNextPageToken()
	}
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		page, err := d.ListAuthenticationApps(t.Context(), &identityv1.ListAuthenticationAppsRequest{PageSize: 1, PageToken: token})
		if err != nil || len(page.GetAuthenticationApps()) != 1 {
			t.Fatalf("a page of one authentication app: %v, %v", page, err)
		}
		apps = append(apps, page.GetAuthenticationApps()[0].GetName())
		token = page.GetNextPageToken()
	}
	if got := strings.Join(members, " "); got != "usr_esther usr_john" {
		t.Errorf("the members are %s", got)
	}
	if len(apps) != 2 || !slices.Contains(apps, "Portal") {
		t.Errorf("the authentication apps are %v", apps)
	}
	for _, token := range []string{"x", "W10"} {
		_, err := d.ListMembers(t.Context(), &identityv1.ListMembersRequest{WorkspaceId: "ws_new", PageToken: token})
		wantReason(t, "members after "+token, err, errorv1.Reason_REASON_INVALID_REQUEST)
		_, err = d.ListAuthenticationApps(t.Context(), &identityv1.ListAuthenticationAppsRequest{PageToken: token})
		wantReason(t, "authentication apps after "+token, err, errorv1.Reason_REASON_INVALID_REQUEST)
	}
}

func TestAnAppsSecretIsShownOnceRotatedAndRevoked(t *testing.T) {
	d := open(t)
	created, err := d.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: "Portal"})
	if err != nil || !strings.HasPrefix(created.GetClientSecret(), "vdo_secret_") {
		t.Fatal(err)
	}
	id := created.GetAuthenticationApp().GetAuthenticationAppId()
	rotated, err := d.RotateAuthenticationAppSecret(t.Context(), &identityv1.RotateAuthenticationAppSecretRequest{
		AuthenticationAppId: id, OverlapSeconds: 60,
	})
	if err != nil || len(rotated.GetAuthenticationApp().GetSecrets()) != 2 {
		t.Fatalf("%v, %v", rotated.GetAuthenticationApp(), err)
	}
	proofs := []string{created.GetClientSecret(), rotated.GetClientSecret()}
	for _, proof := range proofs {
		if err := d.secretFrom("")(t.Context(), address, proof); err != nil {
			t.Errorf("during the overlap: %v", err)
		}
	}
	list, err := d.ListAuthenticationApps(t.Context(), &identityv1.ListAuthenticationAppsRequest{})
	if err != nil || len(list.GetAuthenticationApps()) != 2 || list.GetAuthenticationApps()[1].GetLastUseTime() == nil {
		t.Errorf("%v, %v", list, err)
	}
	for _, proof := range proofs {
		if strings.Contains(list.String(), proof) || !strings.Contains(list.String(), proof[len(proof)-4:]) {
			t.Error("the list shows more or less than the last four characters")
		}
	}
	if _, err := d.ApplyRevokeAuthenticationApp(t.Context(), &identityv1.ApplyRevokeAuthenticationAppRequest{AuthenticationAppId: id}); err != nil {
		t.Fatal(err)
	}
	for _, proof := range proofs {
		wantReason(t, "after the revocation", d.secretFrom("")(t.Context(), address, proof), errorv1.Reason_REASON_INVALID_CREDENTIALS)
	}
	_, err = d.RotateAuthenticationAppSecret(t.Context(), &identityv1.RotateAuthenticationAppSecretRequest{AuthenticationAppId: id})
	wantReason(t, "rotating a revoked app", err, errorv1.Reason_REASON_NOT_FOUND)
	_, err = d.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: "X", WorkspaceId: "ws_none"})
	wantReason(t, "no workspace", err, errorv1.Reason_REASON_NOT_FOUND)
}

func TestWireContract8_AnInvisibleUserIsNotFound(t *testing.T) {
	d := open(t)
	see := func(actor, only, whom string) (*identityv1.GetVisibleUserResponse, error) {
		return d.GetVisibleUser(t.Context(), &identityv1.GetVisibleUserRequest{ActorUserId: actor, OnlyWorkspaceId: only, EmailAddress: whom})
	}
	got, err := see("usr_john", "", "ESTHER.fray@gmail.com")
	if err != nil || got.GetUser().GetUserId() != "usr_esther" || len(got.GetWorkspaces()) != 1 ||
		got.GetWorkspaces()[0].GetRole() != identityv1.Role_ROLE_MEMBER {
		t.Errorf("John sees %v, %v", got, err)
	}
	if got, err := see("usr_john", "ws_doe", address); err != nil || len(got.GetWorkspaces()) != 1 {
		t.Errorf("John sees of himself %v, %v", got, err)
	}
	for _, try := range [][3]string{
		{"usr_esther", "", address},
		{"usr_john", "ws_doe", "esther.fray@gmail.com"},
		{"usr_john", "", "nobody@a.test"},
		{"usr_john", "", "no address"},
		{"usr_nobody", "", address},
		{"usr\x00", "", address},
		{"usr_john", "ws\x00", address},
	} {
		_, err := see(try[0], try[1], try[2])
		wantReason(t, fmt.Sprintf("%q", try), err, errorv1.Reason_REASON_NOT_FOUND)
		if oerr.Message(err) != "unknown user" {
			t.Errorf("%q: %v", try, err)
		}
	}
	list, err := d.BatchGetWorkspaces(t.Context(), &identityv1.BatchGetWorkspacesRequest{WorkspaceIds: []string{"ws_acme", "ws_x", "ws\x00"}})
	if err != nil || len(list.GetWorkspaces()) != 1 || list.GetWorkspaces()[0].GetPlan() != "pro" {
		t.Errorf("%v, %v", list, err)
	}
	_, err = d.BatchGetWorkspaces(t.Context(), &identityv1.BatchGetWorkspacesRequest{WorkspaceIds: make([]string, 1001)})
	wantField(t, "workspace_ids", err)
}

// TestFault_C11_ANewPasswordHasTwelveCharacters, counted as a user would; an existing password
// stays valid.
func TestFault_C11_ANewPasswordHasTwelveCharacters(t *testing.T) {
	d := open(t)
	for password, allowed := range map[string]bool{
		"12345": false, "12345678901": false, "123456789012": true, "ПарольПароль": true, "비밀번호비밀번호비밀번호": true,
		strings.Repeat("a\u0308", 11): false, strings.Repeat("a\u0308", 12): true, "": false, strings.Repeat("x", 1024): true,
		"123456\t789012": false, "123456\u200b789012": false, strings.Repeat("x", 1025): false,
	} {
		_, checked := d.CheckPassword(t.Context(), &identityv1.CheckPasswordRequest{UserId: "usr_esther", Password: password})
		_, err := d.ApplySetPassword(t.Context(), &identityv1.ApplySetPasswordRequest{UserId: "usr_esther", Password: password})
		if (err == nil) != allowed || oerr.Message(checked) != oerr.Message(err) || oerr.Field(checked) != oerr.Field(err) {
			t.Errorf("setting %.20q: %v, and checked before: %v", password, err, checked)
		}
		if password == "" {
			continue // a user without a password
		}
		req := newUser()
		req.EmailAddress, req.Password = fmt.Sprintf("p%x@a.test", len(password)*1000+len([]rune(password))), password
		if _, err := d.CreateUser(t.Context(), req); (err == nil) != allowed || err != nil && oerr.Field(err) != "password" {
			t.Errorf("creating a user with %.20q: %v", password, err)
		}
	}
}

// TestFault_C11_AnOperatorUnlocksAThrottledUser, whose account has all its attempts again; the
// source address has not.
func TestFault_C11_AnOperatorUnlocksAThrottledUser(t *testing.T) {
	d := open(t)
	toStatus := func(n int, source string) {
		for range n {
			wantReason(t, "a wrong password", d.passwordFrom(source)(t.Context(), " JOHN.doe@gmail.com", "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
		}
	}
	unlock := func() {
		if _, err := d.UnlockUser(t.Context(), &identityv1.UnlockUserRequest{UserId: "usr_john"}); err != nil {
			t.Fatal(err)
		}
	}
	unlock() // no attempt was counted yet
	for range perSource / perAccount {
		toStatus(perAccount, "192.0.2.1")
		wantReason(t, "throttled", d.passwordFrom("192.0.2.2")(t.Context(), address, right), errorv1.Reason_REASON_RATE_LIMITED)
		unlock()
	}
	wantReason(t, "the source", d.passwordFrom("192.0.2.1")(t.Context(), address, right), errorv1.Reason_REASON_RATE_LIMITED)
	if err := d.passwordFrom("192.0.2.2")(t.Context(), address, right); err != nil {
		t.Errorf("after the account was unlocked: %v", err)
	}
	_, err := d.UnlockUser(t.Context(), &identityv1.UnlockUserRequest{UserId: "usr_nobody"})
	wantReason(t, "no user", err, errorv1.Reason_REASON_NOT_FOUND)
	_, err = d.UnlockUser(t.Context(), &identityv1.UnlockUserRequest{})
	wantField(t, "user_id", err)
	d.entries.down.Store(true)
	_, err = d.UnlockUser(t.Context(), &identityv1.UnlockUserRequest{UserId: "usr_john"})
	wantReason(t, "without the short-lived store", err, errorv1.Reason_REASON_UNAVAILABLE)
}
