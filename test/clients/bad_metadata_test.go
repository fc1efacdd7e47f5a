package clients

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// badMember is a member of client metadata (RFC 7591 §2).
type badMember struct {
	name string
	// tooLong is a value of the member's type, and nil for one of two values.
	tooLong any
	// with are members that must be sent beside it.
	with map[string]any
	// emptyIs is the error of an empty value; empty where that is as an omitted one.
	emptyIs string
	// leftOut is a member that only a client with an initial access token registers.
	leftOut bool
}

// publicKey is the key of RFC 7517 appendix A.1.
const publicKey = `{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`

// badMembers returns every member that the endpoint reads.
func badMembers() []badMember {
	long := strings.Repeat("x", 10_000)
	address := "https://a.test/" + long
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprint("x", i)
	}
	keys := map[string]any{"token_endpoint_auth_method": "private_key_jwt"}
	return []badMember{
		{name: "redirect_uris", tooLong: []string{address}, emptyIs: "invalid_redirect_uri"},
		{name: "token_endpoint_auth_method", tooLong: long},
		{name: "grant_types", tooLong: many},
		{name: "response_types", tooLong: many},
		{name: "client_name", tooLong: long},
		{name: "client_uri", tooLong: address},
		{name: "logo_uri", tooLong: address},
		{name: "tos_uri", tooLong: address},
		{name: "policy_uri", tooLong: address},
		{name: "scope", tooLong: long},
		{name: "contacts", tooLong: many},
		{name: "jwks", tooLong: map[string]any{"keys": many}, with: keys, emptyIs: "invalid_client_metadata"},
		{name: "jwks_uri", tooLong: address, with: keys, emptyIs: "invalid_client_metadata"},
		{name: "software_id", tooLong: long},
		{name: "software_version", tooLong: long},
		{name: "software_statement", tooLong: long},
		{name: "application_type", tooLong: long},
		{name: "backchannel_logout_uri", tooLong: address, leftOut: true},
		{name: "backchannel_logout_session_required"},
		{name: "post_logout_redirect_uris", tooLong: many},
		{name: "dpop_bound_access_tokens"},
		{name: "require_pushed_authorization_requests"},
		{name: "id_token_signed_response_alg", tooLong: long},
		{name: "subject_type", tooLong: long},
		{name: "token_endpoint_auth_signing_alg", tooLong: long, with: map[string]any{
			"token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(`{"keys":[` + publicKey + `]}`),
		}},
	}
}

// code returns the error code of a member (RFC 7591 §3.2.2).
func (m badMember) code() string {
	switch m.name {
	case "redirect_uris":
		return "invalid_redirect_uri"
	case "software_statement":
		return "unapproved_software_statement" // none is, whatever it looks like
	}
	return "invalid_client_metadata"
}

// wrong returns values that are not of the member's type.
func (m badMember) wrong() map[string]string {
	values := map[string]string{"a number": "1", "a list of lists": `[["a"]]`, "a list with null": `["https://a.test",null]`, "a list with a number": `[1]`}
	_, isList := m.tooLong.([]string)
	_, isObject := m.tooLong.(map[string]any)
	if !isList {
		values["a list"] = `["a"]`
	}
	if !isObject {
		values["an object"] = `{"a":"b"}`
	}
	if isList || isObject || m.tooLong == nil {
		values["a string"] = `"https://a.test"`
	}
	if m.tooLong != nil {
		values["true"] = "true"
	}
	return values
}

// empty returns the empty value of the member's type.
func (m badMember) empty() any {
	switch m.tooLong.(type) {
	case []string:
		return []string{}
	case map[string]any:
		return map[string]any{}
	case nil:
		return false
	}
	return ""
}

// badRequest sends a body and checks its error.
type badRequest func(t *testing.T, what, body string, status int, code, named string)

// sendWrong sends each kind of wrong value of a member, besides the members of base.
func (m badMember) sendWrong(t *testing.T, base map[string]any, send badRequest) {
	t.Helper()
	right := maps.Clone(base)
	maps.Copy(right, m.with)
	delete(right, m.name)
	raw, err := json.Marshal(right)
	expect.NoError(t, err)
	before := strings.TrimSuffix(string(raw), "}")
	if len(right) > 0 {
		before += ","
	}
	with := func(value string) string { return before + `"` + m.name + `":` + value + "}" }
	encoded := func(value any) string {
		text, err := json.Marshal(value)
		expect.NoError(t, err)
		return string(text)
	}
	for what, value := range m.wrong() {
		send(t, m.name+" is "+what, with(value), http.StatusBadRequest, m.code(), m.name)
	}
	send(t, "two "+m.name, strings.TrimSuffix(with(encoded(m.empty())), "}")+`,"`+m.name+`":`+encoded(m.empty())+"}", http.StatusBadRequest, m.code(), m.name)
	if m.emptyIs != "" {
		send(t, "without "+m.name, string(raw), http.StatusBadRequest, m.emptyIs, "")
		send(t, "null as "+m.name, with("null"), http.StatusBadRequest, m.emptyIs, "")
		send(t, "an empty "+m.name, with(encoded(m.empty())), http.StatusBadRequest, m.emptyIs, "")
	}
	if m.leftOut {
		return
	}
	if m.tooLong != nil {
		send(t, m.name+" is too long", with(encoded(m.tooLong)), http.StatusBadRequest, m.code(), m.name)
	}
	if text, isText := m.tooLong.(string); isText {
		send(t, m.name+" has a NUL", with(encoded(text[:20]+"\x00")), http.StatusBadRequest, m.code(), m.name)
	}
}

// TestBadInput_EveryMemberOfARegistration: absent, null, empty, repeated, too long, or of another type, at
// the registration endpoint (RFC 7591 §3.2.2) and in an update of a client (RFC 7592 §2.2). The error is
// flat and names the member, and a refused update changes nothing: the client and its token stay.
func TestBadInput_EveryMemberOfARegistration(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		sent := 0
		next := func() registrant { // each address and each network has a limit
			sent++
			return registrant{d, fmt.Sprintf("203.%d.%d.%d", sent%100, sent/5000, sent/100%50+1)}
		}
		one := next().registered(t, `{"redirect_uris":["https://a.test/cb"],"client_name":"One"}`)
		base := map[string]any{"redirect_uris": []string{"https://a.test/cb"}}
		register := func(t *testing.T, what, body string, status int, code, named string) {
			t.Helper()
			wantFlat(t, "registering: "+what, next().register(t, body), status, code, named)
		}
		before := next().manage(t, http.MethodGet, one, "")
		update := func(t *testing.T, what, body string, status int, code, named string) {
			t.Helper()
			body = `{"client_id":"` + one.Text("client_id") + `",` + strings.TrimPrefix(body, "{")
			wantFlat(t, "updating: "+what, next().manage(t, http.MethodPut, one, strings.Replace(body, ",}", "}", 1)), status, code, named)
		}
		for _, m := range badMembers() {
			m.sendWrong(t, base, register)
			m.sendWrong(t, base, update)
		}
		omitted := map[string]any{}
		for _, m := range badMembers() {
			if m.emptyIs == "" {
				omitted[m.name] = m.empty()
			}
		}
		maps.Copy(omitted, base)
		body, err := json.Marshal(omitted)
		expect.NoError(t, err)
		next().registered(t, string(body)) // empty is as omitted
		for what, token := range map[string]string{"without a token": "", "with another token": "vdo_reg_x", "with a long token": strings.Repeat("x", 5000)} {
			for method, body := range map[string]string{
				http.MethodGet: "", http.MethodDelete: "",
				http.MethodPut: `{"client_id":"` + one.Text("client_id") + `","redirect_uris":["https://evil.test/cb"]}`,
			} {
				res := next().send(t, method, one.Text("registration_client_uri"), token, body)
				wantFlat(t, method+" "+what, res, http.StatusUnauthorized, "invalid_token", "")
			}
		}
		read := next().manage(t, http.MethodGet, one, "")
		expect.Equal(t, "status with the token of before", read.Status, http.StatusOK)
		if diff := cmp.Diff(before.Body, read.Body); diff != "" || read.Text("client_name") != "One" {
			t.Errorf("the refused requests changed the client (-before +after):\n%s", diff)
		}
	})
}
