package workspaceapp_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/workspaceapp"
)

// fake is the consents of a client in ws_acme by user, and the token service beside them.
type fake struct {
	approved map[string]time.Time
	now      time.Time
	ended    []string
	fail     error
	// name is the client's; empty for one that is not registered.
	name string
}

func (f *fake) Now(context.Context) (time.Time, error) { return f.now, nil }

func (f *fake) Approvers(_ context.Context, of workspaceapp.Approvals, limit int) ([]string, error) {
	var users []string
	for _, user := range slices.Sorted(maps.Keys(f.approved)) {
		if f.approved[user].Before(of.Before) && len(users) < limit && of.WorkspaceID == "ws_acme" && of.ClientID == "app" {
			users = append(users, user)
		}
	}
	return users, nil
}

func (f *fake) EndApprovals(_ context.Context, of workspaceapp.Approvals, userIDs []string) error {
	maps.DeleteFunc(f.approved, func(user string, at time.Time) bool { return slices.Contains(userIDs, user) && at.Before(of.Before) })
	return nil
}

func (f *fake) ApprovedAmong(context.Context, string, []string) (map[string]bool, error) {
	return nil, nil
}

func (f *fake) ListWorkspaceClients(context.Context, string, int32, string) ([]oauth.WorkspaceClient, string, error) {
	return nil, "", nil
}

func (f *fake) EndClientInWorkspace(ctx context.Context, _, _ string, others []string) (int64, error) {
	f.ended = append(f.ended, others...)
	f.approved["usr_late"] = f.now // approved while the client ends
	return 0, errors.Join(f.fail, ctx.Err())
}

func (f *fake) DescribeClients(context.Context, []string) (map[string]connectedapp.Client, error) {
	if f.name == "" {
		return nil, nil
	}
	return map[string]connectedapp.Client{"app": {Name: f.name}}, nil
}

func newFake() *fake {
	now := time.Unix(1900000000, 0)
	return &fake{now: now, approved: map[string]time.Time{"usr_ann": now.Add(-7 * 24 * time.Hour), "usr_john": now.Add(-time.Second)}}
}

func (f *fake) end(ctx context.Context) error {
	_, err := workspaceapp.Service{Tokens: f, Clients: f, Consents: f}.End(ctx, "ws_acme", "app", "", false)
	return err
}

// TestEveryApprovalEndsWithTheClient: those of users without a grant, older than an hour, counted for a request
// with prompt=none.
func TestEveryApprovalEndsWithTheClient(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the browser has gone
	if err := f.end(ctx); err != nil {
		t.Fatal(err)
	}
	if want := []string{"usr_ann", "usr_john"}; !slices.Equal(f.ended, want) {
		t.Errorf("the token service ended %v, want %v", f.ended, want)
	}
	if left := slices.Collect(maps.Keys(f.approved)); !slices.Equal(left, []string{"usr_late"}) {
		t.Errorf("the approvals of %v are left, want the one that was given meanwhile", left)
	}
}

// TestAnApprovalStaysUntilItsCodesAreEnded, so that a retry finds it.
func TestAnApprovalStaysUntilItsCodesAreEnded(t *testing.T) {
	f := newFake()
	f.fail = errors.New("down")
	if err := f.end(t.Context()); !errors.Is(err, f.fail) || len(f.approved) != 3 {
		t.Errorf("%v, and %d approvals are left", err, len(f.approved))
	}
}

// TestTheNameOfTheClientIsTyped before it ends, or its identifier, by an administrator; an operator may leave it
// out, and may not mistype it.
func TestTheNameOfTheClientIsTyped(t *testing.T) {
	for _, row := range []struct {
		name, typed string
		required    bool
		ends        bool
	}{
		{"Example App", "", true, false},
		{"Example App", "Other App", true, false},
		{"Example App", " \u200b", true, false},
		{"Example App", "example  APP", true, true},
		{"Example App", "app", true, true},
		{"Example App", "", false, true},
		{"Example App", "Other App", false, false},
		{"Example App", "Example App", false, true},
		{"\u200b", "", true, false}, // a name that is not visible is no name
		{"\u200b", " ", true, false},
		{"\u200b", "app", true, true},
	} {
		f := newFake()
		f.name = row.name
		_, err := workspaceapp.Service{Tokens: f, Clients: f, Consents: f}.End(t.Context(), "ws_acme", "app", row.typed, row.required)
		var field *oauth.FieldError
		if refused := errors.As(err, &field) && field.Field == "confirm_name"; refused == row.ends || (len(f.ended) > 0) != row.ends {
			t.Errorf("%q for %q, required %t: %v, and %v ended", row.typed, row.name, row.required, err, f.ended)
		}
	}
}

func TestAClientThatIsNotConnectedIsUnknown(t *testing.T) {
	f := newFake()
	f.approved = map[string]time.Time{}
	if err := f.end(t.Context()); !errors.Is(err, workspaceapp.ErrNotConnected) {
		t.Error(err)
	}
}
