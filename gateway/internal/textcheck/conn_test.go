package textcheck_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway/internal/textcheck"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// marshals is a connection that fails as gRPC's client does, or with err.
type marshals struct {
	grpc.ClientConnInterface

	err error
}

func (m marshals) Invoke(_ context.Context, _ string, args, _ any, _ ...grpc.CallOption) error {
	message, _ := args.(proto.Message)
	_, err := proto.Marshal(message)
	return errors.Join(err, m.err)
}

// TestBadInput_TextThatIsNotUTF8IsTheRequestsFault: in every field, in lists and in messages within. An error
// of a request that is text stays what it is.
func TestBadInput_TextThatIsNotUTF8IsTheRequestsFault(t *testing.T) {
	other := errors.New("another error")
	for name, row := range map[string]struct {
		sent proto.Message
		err  error
		want error
		text bool
	}{
		"a field":          {sent: &authzv1.GetAppRequest{ClientId: "\xff"}},
		"a list":           {sent: &activityv1.ListEventsRequest{Kinds: []string{"a", "b\xc3("}}},
		"a message within": {sent: &authzv1.RegisterClientRequest{Metadata: &authzv1.ClientMetadata{Contacts: []string{"\xff"}}}},
		"text":             {sent: &authzv1.RegisterClientRequest{Metadata: &authzv1.ClientMetadata{ClientName: "Überall"}}, text: true},
		"another error":    {sent: &authzv1.GetAppRequest{ClientId: "x"}, err: other, want: other, text: true},
	} {
		err := textcheck.Conn{ClientConnInterface: marshals{err: row.err}}.Invoke(t.Context(), "/x/Y", row.sent, nil)
		refused := oerr.Cause(err) == errorv1.Cause_CAUSE_QUERY_MALFORMED && oerr.Reason(err) == errorv1.Reason_REASON_INVALID_REQUEST
		if refused == row.text || row.text && !errors.Is(err, row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
