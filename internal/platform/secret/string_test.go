package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
)

const hidden = "hunter2-hunter2"

// holder has secrets in all kinds of fields: exported, unexported, behind a pointer, in a slice, a
// map and an interface.
type holder struct {
	Open    secret.String
	closed  secret.String
	Pointer *secret.String
	List    []secret.String
	Map     map[string]secret.String
	Any     any
	nested  struct{ deep secret.String }
}

type element struct{ S secret.String }

func newHolder() holder {
	s := secret.New(hidden)
	h := holder{Open: s, closed: s, Pointer: &s, List: []secret.String{s}, Map: map[string]secret.String{"k": s}, Any: s}
	h.nested.deep = s
	return h
}

func mustHide(t *testing.T, how, out string) {
	t.Helper()
	for _, form := range []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden), fmt.Sprintf("%d", []byte(hidden))} {
		if strings.Contains(out, form) {
			t.Errorf("%s shows the secret: %s", how, out)
		}
	}
}

func TestStringNeverPrints(t *testing.T) {
	s, h := secret.New(hidden), newHolder()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%t", "%20s", "%p", "%!"} {
		for _, value := range []any{s, &s, h, &h, []any{s, h}, fmt.Errorf("doing x: %v", s)} {
			mustHide(t, fmt.Sprintf("%s of %T", verb, value), fmt.Sprintf(verb, value))
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, s); got != "[redacted]" {
			t.Errorf("%s prints %q, want [redacted]", verb, got)
		}
	}
	mustHide(t, "String", s.String())
	mustHide(t, "Sprint", fmt.Sprint(s, h))
	mustHide(t, "cmp.Diff", cmp.Diff(s, secret.New("other")))
}

func TestStringNeverLeavesThroughAnEncoder(t *testing.T) {
	h := newHolder()
	out, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	mustHide(t, "json", string(out))
	if n := strings.Count(string(out), `"[redacted]"`); n != 5 {
		t.Errorf("json has %d redactions, want 5: %s", n, out)
	}
	out, err = xml.Marshal(element{secret.New(hidden)})
	if err != nil {
		t.Fatal(err)
	}
	mustHide(t, "xml", string(out))
}

func TestStringNeverReachesALog(t *testing.T) {
	var buf bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&buf, nil), slog.NewTextHandler(&buf, nil)} {
		buf.Reset()
		s, h := secret.New(hidden), newHolder()
		slog.New(handler).With("with", s).Info("m", "s", s, "p", &s, "h", h, "hp", &h, slog.Group("g", "s", s))
		mustHide(t, fmt.Sprintf("%T", handler), buf.String())
		if !strings.Contains(buf.String(), "[redacted]") {
			t.Errorf("%T does not say that something was redacted: %s", handler, buf.String())
		}
	}
}

func TestStringKeepsItsValue(t *testing.T) {
	var read struct{ A, B secret.String }
	if err := json.Unmarshal([]byte(`{"A":"`+hidden+`","B":null}`), &read); err != nil {
		t.Fatal(err)
	}
	if read.A.Reveal() != hidden || !read.B.IsZero() || read.A.IsZero() {
		t.Errorf("read %q and %q, want the secret and nothing", read.A.Reveal(), read.B.Reveal())
	}
	if !read.A.Equal(secret.New(hidden)) || read.A.Equal(secret.New("x")) || !read.B.Equal(secret.New("")) {
		t.Error("Equal does not compare values")
	}
}

func TestALiveSecretIsWhatItsSourceSaysNowAndNeverPrints(t *testing.T) {
	value := "first"
	s := secret.Live(func() string { return value })
	if s.Reveal() != "first" || s.IsZero() {
		t.Errorf("it is %q", s.Reveal())
	}
	value = hidden
	if s.Reveal() != hidden || !s.Equal(secret.New(hidden)) {
		t.Errorf("it did not follow: %q", s.Reveal())
	}
	mustHide(t, "%v", fmt.Sprintf("%v %+v", s, s))
}
