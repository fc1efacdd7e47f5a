package revocation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/revocation"
)

// world is the store, identity and authz in one; it records the calls, and fails at call number
// fails.
type world struct {
	calls []string
	fails string
	// waits says that a call that fails was committed.
	waits bool
	// refused says that the error of a change says that nothing was changed.
	refused bool
	// operators says that no workspace owns the client: suspending it is refused.
	operators bool
	// refuses is the error of CheckPassword.
	refuses error
	// recorded are the events of revocations whose change failed.
	recorded []revocation.Event
	// cancel is called with the change, and canceled are the calls whose context had ended.
	cancel   func()
	canceled []string
}

var errDown = errors.New("down")

func (w *world) note(call string) error {
	w.calls = append(w.calls, call)
	if call == "change" && w.cancel != nil {
		w.cancel()
	}
	if call == w.fails && w.waits {
		return fmt.Errorf("%w: %w", revocation.ErrCommitted, errDown)
	}
	if call == w.fails {
		return errDown
	}
	return nil
}

// noteIn is note for a call whose context may have ended.
func (w *world) noteIn(ctx context.Context, call string) error {
	err := w.note(call)
	if ctx.Err() != nil {
		w.canceled = append(w.canceled, call)
	}
	if _, bounded := ctx.Deadline(); !bounded && len(w.calls) > 1 {
		w.canceled = append(w.canceled, call+" without a deadline")
	}
	return err
}

func (w *world) RevokeUser(ctx context.Context, _ string) error { return w.noteIn(ctx, "end") }

func (w *world) RevokeSignIns(ctx context.Context, _ string, _ revocation.Occasion) error {
	return w.noteIn(ctx, "end")
}

func (w *world) RevokeMember(ctx context.Context, _, _ string) error { return w.noteIn(ctx, "end") }

func (w *world) RevokeAuthenticationAppTokens(ctx context.Context, _ string) error {
	return w.noteIn(ctx, "end")
}

func (w *world) RevokeClientGrants(ctx context.Context, _ string) error { return w.noteIn(ctx, "end") }

func (w *world) DisableClient(ctx context.Context, _ string) error { return w.noteIn(ctx, "change") }

func (w *world) SuspendClient(ctx context.Context, _, note string) error {
	if w.operators || strings.TrimSpace(note) == "" || len(note) > 500 || strings.Contains(note, "\x00") {
		return errDown
	}
	return w.noteIn(ctx, "change")
}

func (w *world) OwnedByWorkspace(context.Context, string) (bool, error) {
	if w.fails == "owner" {
		return false, errDown
	}
	return !w.operators, nil
}

func (w *world) RemoveFromWorkspace(ctx context.Context, _ string) error {
	return w.noteIn(ctx, "change")
}

func (w *world) RevokeUserGrants(ctx context.Context, _ string) error {
	return w.noteIn(ctx, "end user")
}

func (w *world) RevokeUserClientGrants(context.Context, string, string) error {
	return w.note("end pair")
}
func (w *world) LogWorkspaceChange(context.Context, string) error { return w.note("note") }
func (w *world) DisableUser(ctx context.Context, _ string) error  { return w.noteIn(ctx, "change") }
func (w *world) SetPassword(ctx context.Context, _ string, _ secret.String) error {
	return w.noteIn(ctx, "change")
}
func (w *world) CheckPassword(context.Context, string, secret.String) error { return w.refuses }

func (w *world) RemoveMember(ctx context.Context, _, _ string) error { return w.noteIn(ctx, "change") }

func (w *world) RevokeAuthenticationApp(ctx context.Context, _ string) error {
	return w.noteIn(ctx, "change")
}
func (w *world) SetWorkspacePlan(context.Context, string, string) error { return w.note("change") }

func (w *world) RecordRevocation(ctx context.Context, e revocation.Event) error {
	w.recorded = append(w.recorded, e)
	return ctx.Err()
}

func (w *world) revoker() revocation.Revoker {
	return revocation.Revoker{
		Store: w, Users: w, Clients: w, KnownPlan: func(name string) bool { return name == "pro" },
		Unchanged: func(error) bool { return w.refused }, Step: func(ctx context.Context) context.Context { return ctx },
	}
}

func operations(d revocation.Revoker) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"disable":  func(ctx context.Context) error { return d.DisableUser(ctx, "usr_1") },
		"password": func(ctx context.Context) error { return d.SetPassword(ctx, "usr_1", secret.New("a long password")) },
		"member":   func(ctx context.Context) error { return d.RemoveMember(ctx, "usr_1", "ws_1") },
		"app":      func(ctx context.Context) error { return d.RevokeAuthenticationApp(ctx, "aap_1") },
		"suspend":  func(ctx context.Context) error { return d.SuspendClient(ctx, "vdo_client_1", "Spam") },
		"client":   func(ctx context.Context) error { return d.DisableClient(ctx, "vdo_client_1") },
	}
}

// TestTokensEndBeforeAndAfterTheChange, also where the change may have been made although its response
// was an error.
func TestTokensEndBeforeAndAfterTheChange(t *testing.T) {
	for _, c := range []struct {
		fails   string
		refused bool
		want    []string
	}{
		{"", false, []string{"end", "change", "end"}},
		{"end", false, []string{"end"}},
		{"change", true, []string{"end", "change"}},
		{"change", false, []string{"end", "change", "end"}},
	} {
		for name := range operations(revocation.Revoker{}) {
			w := &world{fails: c.fails, refused: c.refused}
			err := operations(w.revoker())[name](t.Context())
			if diff := cmp.Diff(c.want, w.calls); diff != "" || errors.Is(err, errDown) != (c.fails != "") {
				t.Errorf("%s, failing at %q, refused: %t: %v %s", name, c.fails, c.refused, err, diff)
			}
		}
	}
}

// TestACallerThatGoesAwayInterruptsNoChange: the change, and the revocation after it, do not end with the
// caller. Nor do they run for ever.
func TestACallerThatGoesAwayInterruptsNoChange(t *testing.T) {
	for name := range operations(revocation.Revoker{}) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{cancel: cancel}
		err := operations(w.revoker())[name](ctx)
		if want := []string{"end", "change", "end"}; err != nil || !slices.Equal(w.calls, want) || len(w.canceled) > 0 {
			t.Errorf("%s: %v, calls %q, of which %q", name, err, w.calls, w.canceled)
		}
	}
}

// TestARevocationWhoseChangeFailedIsRecorded: identity or authz records a change that it made, and a
// change that failed leaves tokens that were revoked. It is recorded also for a caller that has gone.
func TestARevocationWhoseChangeFailedIsRecorded(t *testing.T) {
	want := map[string]revocation.Event{
		"disable":  {Kind: "grant.revoked", UserID: "usr_1"},
		"password": {Kind: "user_token.revoked", UserID: "usr_1"},
		"member":   {Kind: "grant.revoked", UserID: "usr_1", WorkspaceID: "ws_1"},
		"app":      {Kind: "user_token.revoked", Object: "aap_1"},
		"suspend":  {Kind: "grant.revoked", ClientID: "vdo_client_1"},
		"client":   {Kind: "grant.revoked", ClientID: "vdo_client_1"},
		"robot":    {Kind: "grant.revoked", ClientID: "vdo_client_1", UserID: oauth.ServiceSubject("vdo_client_1")},
	}
	all := func(r revocation.Revoker) map[string]func(context.Context) error {
		list := operations(r)
		list["robot"] = func(ctx context.Context) error { return r.RemoveClientFromWorkspace(ctx, "vdo_client_1") }
		return list
	}
	for name := range all(revocation.Revoker{}) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{fails: "change", cancel: cancel}
		err := all(w.revoker())[name](ctx)
		if diff := cmp.Diff([]revocation.Event{want[name]}, w.recorded); diff != "" || err != errDown { //nolint:errorlint // nothing may wrap it
			t.Errorf("%s: %v %s", name, err, diff)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel() // which is why the wait failed
		w = &world{fails: "end", waits: true}
		if name == "robot" {
			w.fails = "end user"
		}
		err = all(w.revoker())[name](ctx)
		if diff := cmp.Diff([]revocation.Event{want[name]}, w.recorded); diff != "" || !errors.Is(err, errDown) || slices.Contains(w.calls, "change") {
			t.Errorf("%s, whose revocation was committed: %v %v %s", name, err, w.calls, diff)
		}
		w = &world{}
		if err := all(w.revoker())[name](t.Context()); err != nil || len(w.recorded) > 0 {
			t.Errorf("%s, which succeeds: %v %v", name, err, w.recorded)
		}
	}
	w := &world{fails: "end"}
	if err := w.revoker().DisableClient(t.Context(), "vdo_client_1"); err == nil || len(w.recorded) > 0 {
		t.Errorf("a revocation that failed: %v %v", err, w.recorded)
	}
}

// TestRevocationsOfAChangeAreStepsOfIt: they have no events of their own.
func TestRevocationsOfAChangeAreStepsOfIt(t *testing.T) {
	for name := range operations(revocation.Revoker{}) {
		w, marked := &world{}, 0
		r := w.revoker()
		r.Step = func(ctx context.Context) context.Context { marked++; return ctx }
		err := operations(r)[name](t.Context())
		if revoked := len(w.calls) - 1; err != nil || marked != revoked || !slices.Equal(w.calls, []string{"end", "change", "end"}) {
			t.Errorf("%s: %v, %d steps of %v", name, err, marked, w.calls)
		}
	}
}

// TestAClientThatIsNotSuspendedKeepsItsGrants: a refusal of authz revokes nothing.
func TestAClientThatIsNotSuspendedKeepsItsGrants(t *testing.T) {
	for name, c := range map[string]struct {
		w    world
		note string
	}{
		"the operator's client": {world{operators: true}, "Spam"},
		"no note":               {world{}, "  "},
		"a long note":           {world{}, strings.Repeat("a", 501)},
		"an unprintable note":   {world{}, "a\x00"},
		"authz is down":         {world{fails: "owner"}, "Spam"},
	} {
		if err := c.w.revoker().SuspendClient(t.Context(), "vdo_client_1", c.note); !errors.Is(err, errDown) || len(c.w.calls) > 0 {
			t.Errorf("%s: %v %v", name, err, c.w.calls)
		}
	}
}

func TestANewPlanIsToldAfterTheChange(t *testing.T) {
	w := &world{}
	if err := w.revoker().SetWorkspacePlan(t.Context(), "ws_1", "pro"); err != nil || !cmp.Equal(w.calls, []string{"change", "note"}) {
		t.Errorf("%v %v", w.calls, err)
	}
	w = &world{}
	if err := w.revoker().SetWorkspacePlan(t.Context(), "ws_1", "gold"); !errors.Is(err, revocation.ErrPlan) || len(w.calls) > 0 {
		t.Errorf("an unknown plan: %v %v", w.calls, err)
	}
}

// TestFault_C11_ARefusedPasswordEndsNothing: identity refuses it before sessions and tokens are revoked.
func TestFault_C11_ARefusedPasswordEndsNothing(t *testing.T) {
	w := &world{refuses: errDown}
	if err := w.revoker().SetPassword(t.Context(), "usr_1", secret.New("a long\tpassword")); !errors.Is(err, errDown) || len(w.calls) > 0 || len(w.recorded) > 0 {
		t.Errorf("%v %v %v", w.calls, w.recorded, err)
	}
}

func TestGrantsEndOnce(t *testing.T) {
	for _, fails := range []string{"", "end"} {
		for what, end := range map[string]func(ctx context.Context, d revocation.Revoker) error{
			"end user": func(ctx context.Context, d revocation.Revoker) error { return d.RevokeUserGrants(ctx, "usr_1", "") },
			"end pair": func(ctx context.Context, d revocation.Revoker) error {
				return d.RevokeUserGrants(ctx, "usr_1", "vdo_client_1")
			},
			"end": func(ctx context.Context, d revocation.Revoker) error {
				return d.RevokeClientGrants(ctx, "vdo_client_1")
			},
		} {
			w := &world{fails: fails}
			if fails == "end" {
				w.fails = what
			}
			want := []string{what}
			if err := end(t.Context(), w.revoker()); !cmp.Equal(want, w.calls) || errors.Is(err, errDown) != (fails != "") {
				t.Errorf("%s, failing at %q: %v %v", what, fails, err, w.calls)
			}
		}
	}
}
