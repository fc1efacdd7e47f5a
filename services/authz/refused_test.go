package authz_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// TestARefusedDecisionNamesTheClientThatChanged, so that the author finds it in the request log.
func TestARefusedDecisionNamesTheClientThatChanged(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	request := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", callback, "scope", "videos:read"), developer).GetConsent().GetRequestId()
	if _, err := b.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Scopes: []string{"export:write"}}); err != nil {
		t.Fatal(err)
	}
	_, err := b.decisions.CompleteAuthorization(t.Context(), &authzv1.CompleteAuthorizationRequest{
		RequestId: request, BrowserToken: b.token, SessionToken: developer, UserId: "usr_" + developer, Epoch: proto.Int64(1),
		Decision: &authzv1.CompleteAuthorizationRequest_Approval{Approval: &authzv1.Approval{WorkspaceId: "ws_acme"}},
	})
	if oerr.Cause(err) != errorv1.Cause_CAUSE_AUTHORIZATION_CLIENT_CHANGED || oerr.ClientID(err) != id {
		t.Errorf("%v, of the client %q", err, oerr.ClientID(err))
	}
}
