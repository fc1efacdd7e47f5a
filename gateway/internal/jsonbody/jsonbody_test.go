package jsonbody_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/gateway/internal/jsonbody"
	"github.com/vidocu/usher/internal/platform/oauth"
)

func ab(name string) bool { return name == "a" || name == "b" }

func TestKnownMembersAreStringsAndAppearOnce(t *testing.T) {
	for body, want := range map[string]map[string]string{
		`{}`:                                  {},
		` {"a":"x"} `:                         {"a": "x"},
		`{"a":"","b":"é\u00e9"}`:              {"a": "", "b": "éé"},
		`{"A":1,"c":null,"d":[{}],"e":1e999}`: {},
	} {
		got, err := jsonbody.Strings([]byte(body), ab)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", body, err, diff)
		}
	}
	for body, field := range map[string]string{
		`{"a":1}`: "a", `{"a":null}`: "a", `{"b":["x"]}`: "b", `{"a":"x","a":"x"}`: "a", `{"a":"x","\u0061":"y"}`: "a", `{"a":"x\u0000"}`: "a",
	} {
		var fieldErr *oauth.FieldError
		if _, err := jsonbody.Strings([]byte(body), ab); !errors.As(err, &fieldErr) || fieldErr.Field != field {
			t.Errorf("%s: %v, want %s named", body, err, field)
		}
	}
	for _, body := range []string{``, `null`, `[]`, `"a"`, `{"a":"x"} {}`, `{"a":"x"`, `{"a":"x",}`, `{'a':'x'}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, "{\"c\":\"\xff\"}"} {
		if _, err := jsonbody.Strings([]byte(body), ab); !errors.Is(err, jsonbody.ErrNotObject) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func FuzzStrings(f *testing.F) {
	f.Add([]byte(`{"a":"x","b":1}`))
	f.Add([]byte("{\"a\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		values, err := jsonbody.Strings(body, ab)
		if err != nil {
			return
		}
		for name, value := range values {
			if !ab(name) || !utf8.ValidString(value) || !utf8.Valid(body) {
				t.Errorf("%q gives %q: %q", body, name, value)
			}
		}
	})
}
