package jsonbody_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/gateway/internal/jsonbody"
)

func ab(name string) bool { return name == "a" || name == "b" }

func TestKnownMembersAreStringsAndAppearOnce(t *testing.T) {
	type member = jsonbody.Member
	invalid, nul := member{Problem: jsonbody.NotOneString}, member{Problem: "has a NUL character"}
	for body, want := range map[string]map[string]member{
		`{}`:                                    {},
		` {"a":"x"} `:                           {"a": {Value: "x"}},
		`{"a":"","b":"é\u00e9"}`:                {"a": {}, "b": {Value: "éé"}},
		`{"A":1,"c":null,"d":[{}],"e":1e999}`:   {},
		`{"a":1}`:                               {"a": invalid},
		`{"a":null,"b":"x"}`:                    {"a": invalid, "b": {Value: "x"}},
		`{"b":["x"],"c":2,"a":{}}`:              {"a": invalid, "b": invalid},
		`{"a":"x","a":"x"}`:                     {"a": invalid},
		`{"a":"x","\u0061":"y","a":"z","b":""}`: {"a": invalid, "b": {}},
		`{"a":"x\u0000","b":"\u0000"}`:          {"a": nul, "b": nul},
	} {
		got, err := jsonbody.Strings([]byte(body), ab)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", body, err, diff)
		}
	}
	for _, body := range []string{
		``, `null`, `[]`, `"a"`, `{"a":"x"} {}`, `{"a":"x"`, `{"a":"x",}`, `{'a':'x'}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, "{\"c\":\"\xff\"}", `{"a":1`,
	} {
		if _, err := jsonbody.Strings([]byte(body), ab); !errors.Is(err, jsonbody.ErrNotObject) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestTheFirstInvalidMemberIsReturned(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":"x","b":1,"a":"y"}`: "b", `{"c":1,"a":"x","a":"y","b":2}`: "a", `{"b":null`: "b", `{"a":"x","b":"y"}`: "", `{"a":`: "", `[]`: "", ``: "",
	} {
		if got := jsonbody.InvalidMember([]byte(body), ab); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func FuzzStrings(f *testing.F) {
	f.Add([]byte(`{"a":"x","b":1}`))
	f.Add([]byte("{\"a\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := jsonbody.Strings(body, ab)
		if err != nil {
			return
		}
		for name, member := range found {
			if !ab(name) || !utf8.ValidString(member.Value) || !utf8.Valid(body) || member.Value != "" && member.Problem != "" {
				t.Errorf("%q gives %q: %+v", body, name, member)
			}
		}
	})
}
