package authz_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// TestAScopeIsUsedWhenItIsGranted, by a user or with a token that the client gets for itself, and not by a
// request. The uses are written in the background, and when the process ends.
func TestAScopeIsUsedWhenItIsGranted(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	past := func(table, column string) {
		t.Helper()
		if _, err := b.db.Exec(t.Context(), `UPDATE `+table+` SET `+column+` = `+column+` - $1`, int64(40*24*3600*1_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	unused := func(when string, want ...string) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := b.service.Run(ctx); err != nil {
			t.Fatal(err)
		}
		found, err := b.operator(t).FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
		if err != nil || !slices.Equal(found.GetRegistration().GetUnusedScopes(), want) {
			t.Errorf("%s: the operator sees %v, %v, want %v", when, found.GetRegistration().GetUnusedScopes(), err, want)
		}
		if got := b.app(t, id).GetRegistration().GetUnusedScopes(); !slices.Equal(got, want) {
			t.Errorf("%s: the team sees %v, want %v", when, got, want)
		}
	}
	past("clients", "created_at")
	unused("before there are records")
	past("scope_use_start", "began_at")
	request := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", callback, "scope", "videos:read"), administrator).GetConsent().GetRequestId()
	if _, err := b.decisions.CompleteAuthorization(t.Context(), &authzv1.CompleteAuthorizationRequest{
		RequestId: request, BrowserToken: b.token, SessionToken: administrator, UserId: "usr_" + administrator, Epoch: proto.Int64(1),
		Decision: &authzv1.CompleteAuthorizationRequest_Denial{Denial: &authzv1.Denial{}},
	}); err != nil {
		t.Fatal(err)
	}
	unused("after a denial", "videos:read", "export:write")
	if page, decision := b.decide(t, id, administrator); page != nil || decision != nil {
		t.Fatal(page, decision)
	}
	unused("after an approval", "export:write")
	_, err := b.clients.RecordServiceScopes(t.Context(), &authzv1.RecordServiceScopesRequest{ClientId: id, Scopes: []string{"export:write"}})
	if err != nil {
		t.Fatal(err)
	}
	unused("after a token for itself")
}
