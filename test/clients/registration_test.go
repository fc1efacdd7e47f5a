package clients

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

const jsonType = "application/json"

// registrant registers clients from a source address.
type registrant struct {
	d      *harness.Deployment
	source string
}

// send sends a request to a path of the deployment or to an absolute address, with a bearer token
// unless that is empty.
func (r registrant) send(t *testing.T, method, address, token, body string) harness.Response {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = r.d.PublicURL + address
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	expect.NoError(t, err)
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("X-Forwarded-For", r.source)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := harness.Send(req)
	expect.NoError(t, err)
	for _, name := range []string{"client_secret", "registration_access_token"} {
		r.d.RecordSecret(name, res.Text(name))
	}
	return res
}

// register registers a client with metadata, given as JSON.
func (r registrant) register(t *testing.T, metadata string) harness.Response {
	t.Helper()
	return r.send(t, http.MethodPost, "/oauth/register", "", metadata)
}

// registered registers a client that must be accepted.
func (r registrant) registered(t *testing.T, metadata string) harness.Response {
	t.Helper()
	res := r.register(t, metadata)
	if res.Status != http.StatusCreated {
		t.Fatalf("registering %s returned %d %s", metadata, res.Status, res.Raw)
	}
	return res
}

// manage sends a request to the configuration endpoint of a registration.
func (r registrant) manage(t *testing.T, method string, registration harness.Response, body string) harness.Response {
	t.Helper()
	return r.send(t, method, registration.Text("registration_client_uri"), registration.Text("registration_access_token"), body)
}

// wantFlat checks an error whose member error is a string, as every client library expects.
func wantFlat(t *testing.T, what string, res harness.Response, status int, code, named string) {
	t.Helper()
	if res.Status != status || res.Text("error") != code || !strings.Contains(res.Text("error_description"), named) ||
		res.Header.Get("Content-Type") != jsonType || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %d %v %s, want %d %s about %q", what, res.Status, res.Header["Content-Type"], res.Raw, status, code, named)
	}
}

func listOf(res harness.Response, name string) []string {
	var list []string
	values, _ := res.Body[name].([]any)
	for _, v := range values {
		s, _ := v.(string)
		list = append(list, s)
	}
	return list
}

// TestN7_2_TheResponseHasWhatIsRegistered, and credentials only where they have a use.
func TestN7_2_TheResponseHasWhatIsRegistered(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.100.1"}
		res := r.registered(t, `{"client_name":" Inspector ","redirect_uris":["http://localhost:6274/oauth/callback","cursor://anysphere.cursor-mcp/oauth/callback"],
			"grant_types":["authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:device_code","client_credentials"],
			"token_endpoint_auth_method":"none","scope":"videos:read users:write offline_access","contacts":["a@b.test"],
			"client_uri":"https://inspector.test","logo_uri":null,"software_id":"inspector","software_version":"1.2","unknown":{"a":[1]},"client_name#ja":"検査"}`)
		id, _ := strings.CutPrefix(res.Text("registration_client_uri"), d.PublicURL+"/oauth/register/")
		expect.Equal(t, "client_id", res.Text("client_id"), id)
		expect.Equal(t, "client_name", res.Text("client_name"), "Inspector")
		expect.Equal(t, "scope", res.Text("scope"), "videos:read")
		expect.Equal(t, "software_id", res.Text("software_id"), "inspector")
		expect.Equal(t, "grant types", strings.Join(listOf(res, "grant_types"), " "), "authorization_code refresh_token")
		expect.Equal(t, "response types", strings.Join(listOf(res, "response_types"), " "), "code")
		expect.Equal(t, "redirect URIs", len(listOf(res, "redirect_uris")), 2)
		for _, member := range []string{"client_secret", "client_secret_expires_at", "logo_uri", "unknown", "client_name#ja"} {
			if _, present := res.Body[member]; present {
				t.Errorf("the response has %s: %s", member, res.Raw)
			}
		}
		if issued, _ := res.Body["client_id_issued_at"].(float64); issued < 1e9 || !strings.HasPrefix(res.Text("registration_access_token"), "vdo_reg_") {
			t.Errorf("the response is %s", res.Raw)
		}
		confidential := r.registered(t, `{"redirect_uris":["https://web.test/cb"]}`)
		expires, present := confidential.Body["client_secret_expires_at"].(float64)
		if !present || expires != 0 || !strings.HasPrefix(confidential.Text("client_secret"), "vdo_secret_") {
			t.Errorf("a confidential client gets %s", confidential.Raw)
		}
		if _, named := confidential.Body["client_name"]; named {
			t.Errorf("a client without a name gets one: %s", confidential.Raw)
		}
		read := r.manage(t, http.MethodGet, confidential, "")
		expect.Equal(t, "status of a read", read.Status, http.StatusOK)
		expect.Equal(t, "secret of a read", read.Text("client_secret"), "")
		expect.Equal(t, "redirect URIs of a read", strings.Join(listOf(read, "redirect_uris"), " "), "https://web.test/cb")
	})
}

// TestMCPFailure_7_TheMethodThatAClientAsksFor: no secret for `none`, one for the others, and for a
// client that does not say, by where it runs.
func TestMCPFailure_7_TheMethodThatAClientAsksFor(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.101.1"}
		for metadata, method := range map[string]string{
			`"token_endpoint_auth_method":"none","redirect_uris":["https://a.test/cb"]`:                "none",
			`"token_endpoint_auth_method":"client_secret_post","redirect_uris":["https://a.test/cb"]`:  "client_secret_post",
			`"token_endpoint_auth_method":"client_secret_basic","redirect_uris":["https://a.test/cb"]`: "client_secret_basic",
			`"redirect_uris":["https://a.test/cb"]`:                                                    "client_secret_basic",
			`"redirect_uris":["https://a.test/cb","http://127.0.0.1/cb"]`:                              "client_secret_basic",
			`"redirect_uris":["http://127.0.0.1/cb"]`:                                                  "none",
			`"redirect_uris":["com.example.app:/cb","http://localhost/cb"]`:                            "none",
			`"application_type":"native","redirect_uris":["https://a.test/cb"]`:                        "none",
			`"application_type":"web","redirect_uris":["http://localhost:8000/cb"]`:                    "client_secret_basic",
		} {
			res := r.registered(t, "{"+metadata+"}")
			_, expires := res.Body["client_secret_expires_at"]
			if res.Text("token_endpoint_auth_method") != method || (res.Text("client_secret") != "") != (method != "none") || expires != (method != "none") {
				t.Errorf("%s: %s, want %s", metadata, res.Raw, method)
			}
		}
	})
}

// TestN7_4_ErrorsAreFlat, name the member and its index, and refuse the whole registration.
func TestN7_4_ErrorsAreFlat(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.102.1"}
		const ok = `"redirect_uris":["https://a.test/cb"]`
		const metadata = "invalid_client_metadata"
		for sent, wanted := range map[string][2]string{
			`{` + ok + `,"token_endpoint_auth_method":"tls_client_auth"}`:           {metadata, "token_endpoint_auth_method"},
			`{` + ok + `,"grant_types":["client_credentials"]}`:                     {metadata, "grant_types"},
			`{` + ok + `,"grant_types":"authorization_code"}`:                       {metadata, "grant_types must be a list of strings"},
			`{` + ok + `,"response_types":["token"]}`:                               {metadata, "response_types"},
			`{` + ok + `,"scope":"users:write"}`:                                    {metadata, "scope"},
			`{` + ok + `,"scope":"videos:read,jobs:read"}`:                          {metadata, "scope"},
			`{` + ok + `,"client_name":"Vidocu"}`:                                   {metadata, "client_name"},
			`{` + ok + `,"client_name":"a\u0000b"}`:                                 {metadata, "client_name"},
			`{` + ok + `,"client_name":7}`:                                          {metadata, "client_name must be a string"},
			`{` + ok + `,"client_name":"a","client_name":"b"}`:                      {metadata, "client_name must appear once"},
			`{` + ok + `,"logo_uri":"file:///etc/passwd"}`:                          {metadata, "logo_uri"},
			`{` + ok + `,"jwks_uri":"https://a.test/k","jwks":{"keys":[]}}`:         {metadata, "jwks"},
			`{` + ok + `,"jwks":[]}`:                                                {metadata, "jwks must be a JSON object"},
			`{` + ok + `,"application_type":"desktop"}`:                             {metadata, "application_type"},
			`{` + ok + `,"software_statement":"a.b.c"}`:                             {"unapproved_software_statement", "software_statement"},
			`{"redirect_uris":[]}`:                                                  {"invalid_redirect_uri", "redirect_uris"},
			`{}`:                                                                    {"invalid_redirect_uri", "redirect_uris"},
			`{"redirect_uris":["https://a.test/cb","https://b.test/*"]}`:            {"invalid_redirect_uri", "redirect_uris[1] (https:...)"},
			`{"redirect_uris":["https://a.test","https://b.test","warp://x/cb"]}`:   {"invalid_redirect_uri", "redirect_uris[2] (warp:...)"},
			`{"redirect_uris":["cursor://x/cb"],"application_type":"web"}`:          {"invalid_redirect_uri", "redirect_uris[0] (cursor:...)"},
			`{"redirect_uris":["JavaScript:alert(1)"]}`:                             {"invalid_redirect_uri", "redirect_uris[0]"},
			`{"redirect_uris":["http://localhost.evil.test/cb"]}`:                   {"invalid_redirect_uri", "redirect_uris[0]"},
			`{"redirect_uris":[null]}`:                                              {"invalid_redirect_uri", "redirect_uris must be a list of strings"},
			`{"redirect_uris":[` + strings.Repeat(`"https://a.test",`, 10) + `""]}`: {"invalid_redirect_uri", "redirect_uris must be at most 10"},
			`[]`:          {metadata, "JSON object"},
			`{}{}`:        {metadata, "JSON object"},
			`{"a":1,}`:    {metadata, "JSON object"},
			"{\"a\":\xff": {metadata, "JSON object"},
		} {
			r.source = "198.51.102." + string(rune('1'+len(sent)%9)) // the budget is that of an address
			wantFlat(t, sent, r.register(t, sent), http.StatusBadRequest, wanted[0], wanted[1])
		}
		tooLong := r.register(t, `{`+ok+`,"a":"`+strings.Repeat("x", 16<<10)+`"}`)
		wantFlat(t, "a long body", tooLong, http.StatusRequestEntityTooLarge, metadata, "16 KiB")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.PublicURL+"/oauth/register", strings.NewReader("client_name=a"))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form, err := harness.Send(req)
		expect.NoError(t, err)
		wantFlat(t, "a form", form, http.StatusUnsupportedMediaType, metadata, jsonType)
		wantFlat(t, "GET", r.send(t, http.MethodGet, "/oauth/register", "", ""), http.StatusMethodNotAllowed, "invalid_request", "method: use POST")
		for _, path := range []string{"/oauth/register/", "/oauth/register/vdo_client_x/"} {
			wantFlat(t, path, r.send(t, http.MethodPost, path, "", "{}"), http.StatusNotFound, "invalid_request", "without a slash")
		}
		wantFlat(t, "a bad initial token", r.send(t, http.MethodPost, "/oauth/register", "vdo_iat_x", `{`+ok+`}`), http.StatusUnauthorized, "invalid_token", "token")
	})
}

// TestN7_5_IdenticalRegistrationsShareAClient: those of public clients from one network, also at the
// same moment, each with a registration of its own.
func TestN7_5_IdenticalRegistrationsShareAClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		const metadata = `{"client_name":"Connector","redirect_uris":["https://hosted.test/cb","https://hosted.test/cb2"],"token_endpoint_auth_method":"none"}`
		const sameSet = `{"redirect_uris":["https://hosted.test/cb2","https://hosted.test/cb"],"token_endpoint_auth_method":"none","client_name":"Connector"}`
		all := make([]harness.Response, 8)
		racetest.Run(len(all), func(i int) {
			all[i] = registrant{d, "198.51.103." + string(rune('1'+i))}.registered(t, []string{metadata, sameSet}[i%2])
		})
		tokens := map[string]bool{}
		for _, res := range all {
			expect.Equal(t, "client_id", res.Text("client_id"), all[0].Text("client_id"))
			tokens[res.Text("registration_access_token")] = true
		}
		expect.Equal(t, "number of registration access tokens", len(tokens), len(all))
		r := registrant{d, "198.51.103.77"}
		for what, other := range map[string]harness.Response{
			"another network":       registrant{d, "198.51.104.1"}.registered(t, metadata),
			"another name":          r.registered(t, strings.Replace(metadata, "Connector", "Connectors", 1)),
			"a confidential client": r.registered(t, strings.Replace(metadata, `"none"`, `"client_secret_post"`, 1)),
		} {
			if other.Text("client_id") == all[0].Text("client_id") {
				t.Errorf("%s shares the client", what)
			}
		}
		secret := strings.Replace(metadata, `"none"`, `"client_secret_post"`, 1)
		if one, two := r.registered(t, secret), r.registered(t, secret); one.Text("client_id") == two.Text("client_id") {
			t.Error("two confidential clients share an identifier")
		}
		changed := r.manage(t, http.MethodPut, all[0], `{"client_id":"`+all[0].Text("client_id")+`","redirect_uris":["https://evil.test/cb"]}`)
		wantFlat(t, "a change of a shared client", changed, http.StatusForbidden, "unauthorized_client", "share")
		expect.Equal(t, "deleting one registration", r.manage(t, http.MethodDelete, all[0], "").Status, http.StatusNoContent)
		expect.Equal(t, "a deleted registration", r.manage(t, http.MethodGet, all[0], "").Status, http.StatusUnauthorized)
		read := r.manage(t, http.MethodGet, all[1], "")
		expect.Equal(t, "another registration", read.Status, http.StatusOK)
		if slices.Contains(listOf(read, "redirect_uris"), "https://evil.test/cb") {
			t.Errorf("a registration changed another one's client: %s", read.Raw)
		}
	})
}

// TestN7_8_RegistrationsAreLimited by source address; another one is not affected.
func TestN7_8_RegistrationsAreLimited(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := registrant{d, "198.51.105.1"}
		var last harness.Response
		expect.RateLimit{Attempts: fleet.Registrations, Window: time.Hour}.Exhaust(t, func() time.Duration {
			last = r.register(t, `{"redirect_uris":[]}`) // a refused one counts too
			return expect.Wait(t, last, http.StatusBadRequest)
		})
		wantFlat(t, "too many registrations", last, http.StatusTooManyRequests, "temporarily_unavailable", "")
		registrant{d, "198.51.106.1"}.registered(t, `{"redirect_uris":["http://127.0.0.1/cb"]}`)
	})
}

// with returns metadata with the client's identifier and more members.
func with(t *testing.T, registration harness.Response, more map[string]any) string {
	t.Helper()
	body := map[string]any{"client_id": registration.Text("client_id"), "redirect_uris": []string{"https://a.test/cb"}}
	for name, value := range more {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}
	raw, err := json.Marshal(body)
	expect.NoError(t, err)
	return string(raw)
}
