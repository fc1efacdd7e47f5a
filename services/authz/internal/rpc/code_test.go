package rpc_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

func TestACodeIsResolvedOrHasItsReason(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	if err := b.bind(t, id, "usr_john", 7); err != nil {
		t.Fatal(err)
	}
	values, err := b.complete(t, b.approval(id))
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(code string) (*authzv1.ResolveCodeResponse, error) {
		return b.codes.ResolveCode(t.Context(), &authzv1.ResolveCodeRequest{Code: code})
	}
	want := &authzv1.ResolveCodeResponse{
		ClientId: authztest.Web, RedirectUri: authztest.Callback, UserId: "usr_john", DisplayName: "John Doe", WorkspaceId: "ws_acme",
		Scopes: []string{"videos:read"}, Epoch: 7,
	}
	for range 2 {
		got, err := resolve(values.Get("code"))
		if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
			t.Errorf("%v, facts (-want +got):\n%s", err, diff)
		}
	}
	const invalidCode = errorv1.Reason_REASON_INVALID_CODE
	for what, code := range map[string]string{"unknown": secret.NewCode().Reveal(), "malformed": "x", "none": "", "the request": id} {
		_, err := resolve(code)
		wantReason(t, what, err, invalidCode, "")
	}
	b.entries.Break("Get", shortlived.ErrUnavailable)
	_, err = resolve(values.Get("code"))
	wantReason(t, "the store is down", err, unavailable, "")
	b.entries.Break("Get", nil)
	b.clock.Advance(time.Minute)
	_, err = resolve(values.Get("code"))
	wantReason(t, "too old", err, invalidCode, "")
}
