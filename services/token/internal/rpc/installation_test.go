package rpc_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

func TestN5_11_InstallationsAreListedAndEndedOneByOne(t *testing.T) {
	id := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xab}, 32))
	p := &pairs{installations: []oauth.Installation{{
		ID: id, ClientID: "app", WorkspaceID: "ws_acme", CreatedAt: time.Unix(5, 0), LastUsed: time.Unix(6, 0),
	}}}
	server := &rpc.Grants{Store: p}
	res, err := server.ListInstallations(t.Context(), &tokenv1.ListInstallationsRequest{UserId: "usr_john", ClientIds: []string{"app", "other"}})
	want := &tokenv1.ListInstallationsResponse{Installations: []*tokenv1.Installation{{
		ClientId: "app", InstallationId: id, WorkspaceId: "ws_acme", CreateTime: timestamppb.New(time.Unix(5, 0)), LastUseTime: timestamppb.New(time.Unix(6, 0)),
	}}}
	if diff := cmp.Diff(want, res, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	end := &tokenv1.EndInstallationRequest{UserId: "usr_john", ClientId: "app", InstallationId: id}
	if _, err := server.EndInstallation(t.Context(), end); err != nil {
		t.Error(err)
	}
	if want := []string{"list installations usr_john app other", "end installation usr_john app abab"}; !slices.Equal(p.calls, want) {
		t.Errorf("asked %q, want %q", p.calls, want)
	}
	for _, wrong := range []string{"", "x", id + "A", strings.Repeat("!", 43)} {
		end.InstallationId = wrong
		_, err := server.EndInstallation(t.Context(), end)
		failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "installation_id")
	}
	_, err = server.EndInstallation(t.Context(), &tokenv1.EndInstallationRequest{UserId: "usr_john", InstallationId: id})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "client_id")
	_, err = server.ListInstallations(t.Context(), &tokenv1.ListInstallationsRequest{ClientIds: []string{"app"}})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "user_id")
	for _, wrong := range [][]string{{""}, slices.Repeat([]string{"app"}, 101)} {
		_, err := server.ListInstallations(t.Context(), &tokenv1.ListInstallationsRequest{UserId: "usr_john", ClientIds: wrong})
		failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "client_ids")
	}
}
