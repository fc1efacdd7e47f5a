package storetest

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Installations checks the single grants of clients whose identifier all installations share, and the
// digests of the descriptions that grants were given for.
func Installations(t *testing.T) {
	t.Run("one installation is ended alone", func(t *testing.T) { each(t, installations) })
	t.Run("the description of the newest grant is read", func(t *testing.T) { each(t, descriptions) })
}

func installations(t *testing.T, b bench) {
	john := oauth.UserClient{UserID: "usr_john", ClientID: "app"}
	first := b.mustRedeem(t, code("app", "ws_acme", 0))
	b.tick(t)
	second, other := b.mustRedeem(t, code("app", "ws_doe", 0)), b.mustRedeem(t, code("other", "ws_doe", 0))
	list := func() (ids []string) {
		t.Helper()
		found, err := b.ListInstallations(t.Context(), "usr_john", []string{"app", "unknown"})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range found {
			if i.ClientID != "app" || i.WorkspaceID == "" || i.CreatedAt.IsZero() || i.LastUsed.IsZero() {
				t.Errorf("installation %+v", i)
			}
			ids = append(ids, i.ID)
		}
		return ids
	}
	alive := func(all ...issued) {
		t.Helper()
		for _, i := range all {
			if !b.live(t, i.access) || !b.current(t, i.refresh) {
				t.Error("the tokens of another installation ended")
			}
		}
	}
	id := func(i issued) string { return base64.RawURLEncoding.EncodeToString(i.code.Bytes()) }
	if got, want := list(), []string{id(second), id(first)}; !slices.Equal(got, want) {
		t.Fatalf("installations %v, want the newest first: %v", got, want)
	}
	for _, wrong := range []struct {
		u oauth.UserClient
		i issued
	}{{oauth.UserClient{UserID: "usr_jane", ClientID: "app"}, first}, {oauth.UserClient{UserID: "usr_john", ClientID: "other"}, first}, {john, other}} {
		if err := b.EndInstallation(t.Context(), wrong.u, wrong.i.code); err != nil {
			t.Fatal(err)
		}
	}
	alive(first, second, other)
	for range 2 {
		if err := b.EndInstallation(t.Context(), john, first.code); err != nil {
			t.Fatal(err)
		}
	}
	if b.live(t, first.access) || b.current(t, first.refresh) {
		t.Error("the tokens of the ended installation are live")
	}
	alive(second, other)
	if got := list(); !slices.Equal(got, []string{id(second)}) {
		t.Errorf("installations %v after one was ended", got)
	}
}

func descriptions(t *testing.T, b bench) {
	want := func(digest string) {
		t.Helper()
		live, err := b.GetPairGrants(t.Context(), "usr_john", "app")
		if err != nil || live.DescriptionDigest != digest {
			t.Errorf("the newest grant has the digest %q (%v), want %q", live.DescriptionDigest, err, digest)
		}
		list, err := b.ListConnections(t.Context(), "usr_john")
		if err != nil || len(list) != 1 || list[0].DescriptionDigest != digest {
			t.Errorf("the connections %+v (%v), want the digest %q", list, err, digest)
		}
	}
	for _, step := range []struct{ workspace, digest string }{{"ws_doe", ""}, {"ws_doe", "first"}, {"ws_acme", "second"}, {"ws_doe", "third"}, {"ws_acme", ""}} {
		c := code("app", step.workspace, 0)
		c.DescriptionDigest = step.digest
		b.mustRedeem(t, c)
		want(step.digest)
	}
}
