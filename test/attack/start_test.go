package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestCase120_AProcessWithoutItsSecretsDoesNotStart, and its log names the setting to correct, and
// none of the secrets.
func TestCase120_AProcessWithoutItsSecretsDoesNotStart(t *testing.T) {
	t.Parallel()
	unset := func(key string) func(map[string]string) { return func(env map[string]string) { delete(env, key) } }
	set := func(key, value string) func(map[string]string) {
		return func(env map[string]string) { env[key] = value }
	}
	inProduction := func(env map[string]string) {
		env["USHER_DEVELOPMENT"], env["USHER_PUBLIC_URL"] = "false", "https://login.example.com"
	}
	type row struct {
		process, output string
		change          func(map[string]string)
	}
	rows := []row{
		{"gateway", "tls", unset("USHER_TLS_CERT_FILE")},
		{"gateway", "peers.token", unset("USHER_PEERS_TOKEN")},
		{"gateway", "public_url", unset("USHER_PUBLIC_URL")},
		{"gateway", "https", set("USHER_DEVELOPMENT", "false")},
		{"identity", "redis", unset("USHER_REDIS_ADDRS")},
		{"authz", "redis", set("USHER_REDIS_ADDRS", "")},
		{"identity", "no such file", set("USHER_TLS_KEY_FILE", "/nonexistent")},
		{"token", "tls", set("USHER_TLS_CA_FILE", "")},
		{"token", "clock_offset", func(env map[string]string) { inProduction(env); env["USHER_CLOCK_OFFSET"] = "1h" }},
		{"identity", "usr_", inProduction},
		{"authz", "vdo_client_abc123", inProduction},
	}
	for _, service := range services() {
		key := "USHER_" + strings.ToUpper(service) + "_DATABASE_URL"
		rows = append(rows, row{service, "database_url", unset(key)}, row{service, "database_url", set(key, "")},
			row{service, "", set(key, "mysql://usher:sentinel-password@127.0.0.1:1/usher")})
	}
	for _, r := range rows {
		output, err := shared.StartRefused(r.process, r.change)
		if err != nil {
			t.Errorf("%s, %s: %v", r.process, r.output, err)
			continue
		}
		if !strings.Contains(strings.ToLower(output), r.output) {
			t.Errorf("%s logs %q, want a line with %q", r.process, output, r.output)
		}
		if strings.Contains(output, "sentinel-password") {
			t.Errorf("%s logs a password: %s", r.process, output)
		}
	}
}

// productionDeployment is a deployment with the production profile, behind a proxy that terminates
// TLS.
type productionDeployment struct {
	*harness.Deployment
	front *httptest.Server
}

func newProductionDeployment(t *testing.T) productionDeployment {
	t.Helper()
	var behind atomic.Pointer[url.URL]
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind.Load())
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"] // a proxy appends the address at the right
		r.SetXForwarded()
	}})
	t.Cleanup(front.Close)
	servers, err := harness.NewServers(context.WithoutCancel(t.Context()))
	expect.NoError(t, err)
	d, err := harness.Processes(shared.bins, t.TempDir(), servers, map[string]string{
		"USHER_DEVELOPMENT": "false", "USHER_PUBLIC_URL": front.URL, "USHER_GATEWAY_TRUSTED_PROXIES": "127.0.0.1", "USHER_REDIS_PREFIX": "production:",
	})
	expect.NoError(t, err)
	d.Own = servers
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	gateway, err := url.Parse(d.PublicURL)
	expect.NoError(t, err)
	behind.Store(gateway)
	return productionDeployment{d, front}
}

// send sends a request through the proxy, from an address that is not a trusted proxy's.
func (p productionDeployment) send(t *testing.T, s httpRequest) harness.Response {
	t.Helper()
	req, err := http.NewRequest(s.Method, p.front.URL+s.Path, strings.NewReader(s.Body))
	expect.NoError(t, err)
	req.Header.Set("Content-Type", s.Type)
	for i := 0; i < len(s.Header); i += 2 {
		req.Header.Add(s.Header[i], s.Header[i+1])
	}
	transport := p.front.Client().Transport.(*http.Transport).Clone() //nolint:errcheck // httptest documents it
	transport.DialContext, transport.DisableKeepAlives = (&net.Dialer{LocalAddr: local("127.0.94.3")}).DialContext, true
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	expect.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	expect.NoError(t, err)
	a := harness.Response{Status: res.StatusCode, Header: res.Header, Raw: string(body)}
	_ = json.Unmarshal(body, &a.Body) // a body that is not an object leaves Body empty
	return a
}

// TestCase120_ProductionKnowsNoneOfTheExamples, and its pages set Strict-Transport-Security.
func TestCase120_ProductionKnowsNoneOfTheExamples(t *testing.T) {
	t.Parallel()
	p := newProductionDeployment(t)
	operator, err := p.Dial("operator", "identity")
	expect.NoError(t, err)
	defer func() { _ = operator.Close() }()
	_, err = identityv1.NewAdministrationServiceClient(operator).CreateUser(t.Context(), &identityv1.CreateUserRequest{
		EmailAddress: "jane@example.com", FirstName: "Jane", LastName: "Roe", Password: "a password of her own",
	})
	expect.NoError(t, err)
	login := func(body string, header ...string) harness.Response {
		return p.send(t, httpRequest{Method: http.MethodPost, Path: "/api/v1/user/authenticate", Type: typeJSON, Body: body, Header: header})
	}
	expect.Equal(t, "status for an existing user", login(`{"emailAddress":"jane@example.com","password":"a password of her own"}`).Status, http.StatusOK)
	for _, body := range []string{
		`{"emailAddress":"` + harness.JohnEmail + `","password":"` + harness.UserPassword + `"}`, `{"emailAddress":"` + harness.EstherEmail + `","password":"` + harness.UserPassword + `"}`,
		`{"emailAddress":"jane@example.com","clientSecret":"exampleclientsecret"}`, `{"emailAddress":"` + harness.JohnEmail + `","clientSecret":"exampleclientsecret"}`,
	} {
		a := login(body)
		if a.Status != http.StatusBadRequest || a.Text("name") != "InvalidCredentialsException" {
			t.Errorf("%s returned %d %s", body, a.Status, a.Raw)
		}
	}
	for id, secret := range map[string]string{harness.ConfidentialID: harness.ConfidentialPW, harness.ResourceID: harness.ResourcePW, harness.PublicID: "x"} {
		a := p.send(t, httpRequest{Method: http.MethodPost, Path: "/oauth/introspect", Type: typeForm, Body: url.Values{"token": {"x"}, "client_id": {id}, "client_secret": {secret}}.Encode()})
		expect.Equal(t, "status of "+id, a.Status, http.StatusUnauthorized)
		a = p.send(t, httpRequest{Method: http.MethodGet, Path: "/oauth/authorize?response_type=code&client_id=" + id})
		expect.Equal(t, "status of an authorization for "+id, a.Status, http.StatusBadRequest)
	}
	for path, status := range map[string]int{"/demo/callback": 404, "/demo/": 404, "/": 303, "/signin": 200} {
		a := p.send(t, httpRequest{Method: http.MethodGet, Path: path})
		expect.Equal(t, "status of "+path, a.Status, status)
		if !strings.HasPrefix(a.Header.Get("Strict-Transport-Security"), "max-age=") {
			t.Errorf("%s has no Strict-Transport-Security header", path)
		}
		for _, cookie := range a.Header["Set-Cookie"] {
			if !strings.HasPrefix(cookie, "__Host-") || !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "HttpOnly") {
				t.Errorf("a cookie is %s", cookie)
			}
		}
	}
	for _, url := range p.AdminURLs() {
		res, err := http.Get(url + "/debug/pprof/")
		expect.NoError(t, err)
		_ = res.Body.Close()
		expect.Equal(t, "status of a profile at "+url, res.StatusCode, http.StatusNotFound)
	}
	for _, service := range services() {
		conn, err := p.Dial("operator", service)
		expect.NoError(t, err)
		for _, path := range []string{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/grpc.channelz.v1.Channelz/GetServers"} {
			expect.Equal(t, path+" of "+service, status.Code(call(t.Context(), conn, path, nil)), codes.Unimplemented)
		}
		expect.NoError(t, conn.Close())
	}
	t.Run("case 94: behind a proxy that is trusted", func(t *testing.T) { proxied(t, login) })
}

// proxied checks that the source address is the one that the trusted proxy appended, and not those
// that the client sent.
func proxied(t *testing.T, login func(body string, header ...string) harness.Response) {
	for i := range 201 { // the limit is a hundred failures per source, in each of two windows at most
		body := fmt.Sprintf(`{"emailAddress":"n%d@case94.test","clientSecret":"x"}`, i) // an account is limited too
		a := login(body, append(forgedHeaders(i), "X-Other", "x")...)
		if a.Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("a client that forges its address to a trusted proxy is never throttled")
}

// TestCase99_TheAdminListenerIsNotThePublicOne: neither listener serves the other's routes.
func TestCase99_TheAdminListenerIsNotThePublicOne(t *testing.T) {
	for name, url := range shared.AdminURLs() {
		for _, path := range []string{"/oauth/token", "/signin", "/v1/videos", "/api/v1/user/authenticate"} {
			res, err := http.Post(url+path, typeForm, strings.NewReader("a=b"))
			expect.NoError(t, err)
			_ = res.Body.Close()
			expect.Equal(t, path+" at the admin port of "+name, res.StatusCode, http.StatusNotFound)
		}
	}
}
