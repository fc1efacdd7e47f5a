package pending_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/services/authz/internal/pending"
)

// FuzzTextsComeBack checks that untrusted strings are read back byte for byte, also after Bind,
// which writes them again.
func FuzzTextsComeBack(f *testing.F) {
	f.Add("a state", "Test App", "https://app.test/cb", "usr_john", int64(1))
	f.Add("\x00\xff\xfe \u2028<>&\"\\", "<script>", "http://127.0.0.1:1/?\x7f", "u", int64(-1))
	f.Add("", "", "", "u", int64(0))
	f.Fuzz(func(t *testing.T, state, name, uri, user string, epoch int64) {
		b := emptyBench()
		want := request()
		want.State, want.ClientName, want.RedirectURI = state, name, uri
		id := b.open(t, want)
		if user != "" {
			if err := b.Bind(t.Context(), id, b.browser, pending.Viewer{UserID: user, Epoch: epoch}); err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := b.Close(t.Context(), id, b.browser, approve)
		if diff := cmp.Diff(want, got.Request); err != nil || diff != "" {
			t.Errorf("%v, request (-want +got):\n%s", err, diff)
		}
		if user != "" && got.Viewer.Epoch != epoch {
			t.Errorf("epoch %d, want %d", got.Viewer.Epoch, epoch)
		}
	})
}

// FuzzStoredValue checks that no stored value causes a panic, that no request is bound to another
// browser, and that a failure returns nothing.
func FuzzStoredValue(f *testing.F) {
	good := emptyBench()
	if _, err := good.Open(f.Context(), good.browser, request()); err != nil {
		f.Fatal(err)
	}
	value, _ := good.entries.Kept(good.entries.Keys()[0])
	f.Add(value)
	f.Add([]byte(`{"scope":"a","browser":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","outcome":{"attempt":-1},"until":9223372036854775807}`))
	for _, text := range []string{
		"", "{}", "null", "[]", `{"browser":""}`, `{"browser":"*"}`, `{"scope":"a  b"}`, `{"deadline":1e99}`, `{"state":1}`, "\xff",
		`{"scope":"a","browser":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","deadline":9223372036854775807}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		b := newBench(t)
		if err := b.entries.Put(t.Context(), b.entries.Keys()[0], value, lifetime); err != nil {
			t.Fatal(err)
		}
		for call, err := range b.calls(t, b.id, b.browser) {
			if err == nil {
				t.Errorf("%s succeeds for a browser that started no request: %q", call, value)
			}
		}
	})
}
