package dialect_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway/internal/httpx"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

func TestAnInvalidBodyIsAnErrorThatNamesTheField(t *testing.T) {
	b := newFixture(t)
	for _, row := range []struct{ kind, body, field string }{
		{httpx.TypeJSON, `{"code":"a","code":"b"}`, "code"},
		{httpx.TypeJSON, `{"code":"a","c\u006fde":"b"}`, "code"},
		{httpx.TypeJSON, `{"code":"a","code":null}`, "code"},
		{httpx.TypeJSON, `{"code":null}`, "code"},
		{httpx.TypeJSON, `{"client_id":1}`, "client_id"},
		{httpx.TypeJSON, `{"client_id":true}`, "client_id"},
		{httpx.TypeJSON, `{"scope":["a","b"]}`, "scope"},
		{httpx.TypeJSON, `{"redirect_uri":{}}`, "redirect_uri"},
		{httpx.TypeJSON, `{"other":null,"code":null}`, "code"},
		{httpx.TypeJSON, `{"code":"a\u0000b"}`, "code"},
		{httpx.TypeForm, "code=a&code=b", "code"},
		{httpx.TypeForm, "c%6fde=a&code=", "code"},
		{httpx.TypeForm, "client_id=a%00b", "client_id"},
		{httpx.TypeJSON, `{"resource":1}`, "resource"},
		{httpx.TypeJSON, `{"resource":null}`, "resource"},
		{httpx.TypeJSON, `{"resource":["a",1]}`, "resource"},
		{httpx.TypeJSON, `{"resource":[["a"]]}`, "resource"},
		{httpx.TypeJSON, `{"resource":"a","r\u0065source":["b"]}`, "resource"},
		{httpx.TypeJSON, `{"resource":["a\u0000"]}`, "resource"},
		{httpx.TypeForm, "resource=a&resource=b%00", "resource"},
		{httpx.TypeJSON, ``, ""},
		{httpx.TypeJSON, `null`, ""},
		{httpx.TypeJSON, `[]`, ""},
		{httpx.TypeJSON, `"code"`, ""},
		{httpx.TypeJSON, `{"code":"a"} {}`, ""},
		{httpx.TypeJSON, `{"code":"a"`, ""},
		{httpx.TypeJSON, `{"code":"a",}`, ""},
		{httpx.TypeJSON, `{'code':'a'}`, ""},
		{httpx.TypeJSON, "{\"code\":\"\xff\"}", ""},
		{httpx.TypeJSON, `{"code":"\ud800"}`, ""},
		{httpx.TypeForm, "code=a;scope=b", ""},
		{httpx.TypeForm, "code=%zz", ""},
		{httpx.TypeForm, "code=%ff", ""},
		{httpx.TypeForm, strings.Repeat("a=b&", 101), ""},
	} {
		w := b.post("/oauth/token", row.kind, row.body)
		got := failure(t, row.kind, w)
		if w.Code != http.StatusBadRequest || got.code != "invalid_request" || !strings.Contains(got.message, row.field) {
			t.Errorf("%s: %d %v, want 400 and %q named", row.body, w.Code, got, row.field)
		}
	}
	if b.service.calls > 0 {
		t.Errorf("the service was called, with %v", b.service.issued)
	}
}

func TestAMessageNeverRepeatsWhatWasSent(t *testing.T) {
	b := newFixture(t)
	for kind, bodies := range map[string][]string{
		httpx.TypeJSON: {`{"client_secret":"sentinel`, `{"client_secret":"sentinel","client_secret":"sentinel"}`, `sentinel`},
		httpx.TypeForm: {"client_secret=sentinel%z", "client_secret=sentinel&client_secret=sentinel", "client_secret=sentinel%00"},
	} {
		for _, body := range bodies {
			if w := b.post("/oauth/token", kind, body); w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "sentinel") {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
		}
	}
	if strings.Contains(b.logs.String(), "sentinel") {
		t.Errorf("the log has %s", b.logs)
	}
}

// fields calls f with every parameter of the message that is not a list, and its value.
func fields(msg proto.Message, f func(name, value string)) {
	m := msg.ProtoReflect()
	all := m.Descriptor().Fields()
	for i := range all.Len() {
		field := all.Get(i)
		if field.IsList() {
			continue
		}
		f(field.TextName(), m.Get(field).String())
	}
}

// decoded sends a body and returns the request that the service received: nil where the body was
// refused, which must be an invalid_request error.
func decoded(t *testing.T, b fixture, kind string, body []byte) *tokenv1.IssueTokenRequest {
	t.Helper()
	before := b.service.calls
	w := b.post("/oauth/token", kind, string(body))
	if b.service.calls > before {
		return b.service.issued
	}
	if got := failure(t, kind, w); w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge || got.code != "invalid_request" {
		t.Errorf("%q gets %d %v", body, w.Code, got)
	}
	return nil
}

// FuzzJSONHasOneMeaning: an accepted body has the same members for encoding/json's tokenizer.
func FuzzJSONHasOneMeaning(f *testing.F) {
	for _, seed := range []string{
		`{"grant_type":"refresh_token","x":{"code":"y"}}`, `{"code":"a","code":"b"}`, `{"code":null}`, `{"x":[null,1e3],"code":"\u00e9"}`,
		`{"Code":"a"}`, `{"c\u006fde":"a"}`, `[]`, `{}`, "\ufeff{}", `{"code":"a"}x`, `{"code":1}`,
		`{"resource":"a"}`, `{"resource" : [ "a", "", "b" ] , "code":"c"}`, `{"resource":["a"],"resource":"b"}`, `{"resource":[]}`, `{"resource":{}}`,
	} {
		f.Add([]byte(seed))
	}
	b := newFixture(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got := decoded(t, b, httpx.TypeJSON, body)
		if got == nil {
			return
		}
		members, ok := members(body)
		if !ok {
			t.Fatalf("accepted, though it is not one JSON object: %q", body)
		}
		fields(got, func(name, value string) {
			found := members[name]
			if len(found) == 0 && value == "" {
				return
			}
			if text, isString := first(found).(string); len(found) != 1 || !isString || text != value {
				t.Errorf("%q: the service got %s=%q, the body has %v", body, name, value, found)
			}
		})
		want, ok := list(members["resource"])
		if !ok || !slices.Equal(got.GetResource(), want) {
			t.Errorf("%q: the service got resource=%q, the body has %v", body, got.GetResource(), members["resource"])
		}
	})
}

// list returns the values of a member that is a string or a list of strings, without empty ones.
func list(found []any) (values []string, ok bool) {
	if len(found) == 0 {
		return nil, true
	}
	all, isList := found[0].([]any)
	if !isList {
		all = found
	}
	for _, one := range all {
		text, isString := one.(string)
		if !isString {
			return nil, false
		}
		if text != "" {
			values = append(values, text)
		}
	}
	return values, len(found) == 1
}

func first(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}

// members parses one object and returns every value of every member.
func members(body []byte) (map[string][]any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	all := map[string][]any{}
	for d.More() {
		key, err := d.Token()
		name, isString := key.(string)
		var value any
		if err != nil || !isString || d.Decode(&value) != nil {
			return nil, false
		}
		all[name] = append(all[name], value)
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return all, err == io.EOF
}

// FuzzFormHasOneMeaning: an accepted form has the same values for net/url.
func FuzzFormHasOneMeaning(f *testing.F) {
	for _, seed := range []string{
		"grant_type=refresh_token&scope=a+b%20c", "code=a&code=b", "code=a;code=b", "code=", "code", "=a&&", "c%6fde=x", "code=%zz", "code=%00",
		"resource=a&code=b&resource=&resource=a",
	} {
		f.Add([]byte(seed))
	}
	b := newFixture(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got := decoded(t, b, httpx.TypeForm, body)
		if got == nil {
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatalf("accepted, though it is not a form: %q", body)
		}
		fields(got, func(name, value string) {
			if values := form[name]; len(values) > 1 || form.Get(name) != value {
				t.Errorf("%q: the service got %s=%q, the form has %q", body, name, value, values)
			}
		})
		want := slices.DeleteFunc(form["resource"], func(value string) bool { return value == "" })
		if !slices.Equal(got.GetResource(), want) {
			t.Errorf("%q: the service got resource=%q, the form has %q", body, got.GetResource(), form["resource"])
		}
	})
}

// TestRFC8707_2_AListIsRepeatedInAFormAndAListInJSON: one resource is a string in JSON, as the other
// parameters are.
func TestRFC8707_2_AListIsRepeatedInAFormAndAListInJSON(t *testing.T) {
	b := newFixture(t)
	for _, row := range []struct{ kind, body, want string }{
		{httpx.TypeForm, "resource=https%3A%2F%2Fa.test&grant_type=x", "https://a.test"},
		{httpx.TypeForm, "resource=a&resource=&resource=b&resource=a", "a b a"},
		{httpx.TypeForm, "grant_type=x&resource=", ""},
		{httpx.TypeJSON, `{"resource":"a","grant_type":"x"}`, "a"},
		{httpx.TypeJSON, `{"grant_type":"x", "resource" : ["a","b"]}`, "a b"},
		{httpx.TypeJSON, `{"resource":""}`, ""},
	} {
		if got := decoded(t, b, row.kind, []byte(row.body)); got == nil || strings.Join(got.GetResource(), " ") != row.want {
			t.Errorf("%s: the service got %v, want %q", row.body, got, row.want)
		}
	}
}
