package revocation_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
)

// registration is a registration in authz, and its responses when the client is disabled and deleted.
type registration struct {
	*world

	disabled, authorized, exists bool
}

func (r registration) DisableRegistration(context.Context, string, secret.String) (bool, error) {
	return r.disabled, r.note("check")
}

func (r registration) DeleteRegistration(ctx context.Context, _ string, _ secret.String) (bool, error) {
	return r.authorized, r.noteIn(ctx, "delete")
}

func (r registration) ClientExists(ctx context.Context, _ string) (bool, error) {
	return r.exists, r.noteIn(ctx, "exists")
}

// TestRFC7592_2_3_NoGrantOutlivesADeletedRegistration, also one that came between the check and the deletion.
func TestRFC7592_2_3_NoGrantOutlivesADeletedRegistration(t *testing.T) {
	for name, row := range map[string]struct {
		disabled, authorized bool
		fails                string
		refused, exists      bool
		want                 []string
	}{
		"without a grant":           {want: []string{"check", "delete"}},
		"with grants":               {disabled: true, authorized: true, want: []string{"check", "end", "change", "end", "delete"}},
		"with a grant meanwhile":    {authorized: true, want: []string{"check", "delete", "end"}},
		"that cannot be read":       {fails: "check", want: []string{"check"}},
		"that could not be deleted": {authorized: true, fails: "delete", refused: true, want: []string{"check", "delete"}},
		"whose response was lost":   {fails: "delete", want: []string{"check", "delete", "exists", "end"}},
		"that shares its client, and whose response was lost": {fails: "delete", exists: true, want: []string{"check", "delete", "exists"}},
		"that was disabled, and whose response was lost":      {disabled: true, fails: "delete", want: []string{"check", "end", "change", "end", "delete"}},
	} {
		w := &world{fails: row.fails, refused: row.refused}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := w.revoker().DeleteRegistration(ctx, registration{w, row.disabled, row.authorized, row.exists}, "app", secret.New("token"))
		if (row.fails != "") != errors.Is(err, errDown) {
			t.Errorf("one %s: %v", name, err)
		}
		if diff := cmp.Diff(row.want, w.calls); diff != "" {
			t.Errorf("one %s (-want +got)\n%s", name, diff)
		}
	}
}
