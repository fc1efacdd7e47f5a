package proxies

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// resourceServer is the name of Envoy's certificate.
const resourceServer = "video-api"

// targets are the addresses, host:port, that replace those of an example.
type targets struct {
	front string
	// gateway is the gateway's admin listener, and tokens are the token service's replicas.
	gateway string
	tokens  []string
	api     string
	// certs is the folder with Envoy's certificate and the authority's.
	certs string
	// dir is the example's own folder.
	dir string
	// transport connects to a front with TLS; nil for an enforcing proxy.
	transport func(front string) *http.Transport
	// more are further changes of a test.
	more []change
}

// sharedTargets returns the addresses of the shared deployment.
func sharedTargets() targets {
	d := shared.deployment
	return targets{gateway: strings.TrimPrefix(d.AdminURL, "http://"), tokens: d.TokenAddrs, certs: d.Dir()}
}

// proxy is one of the examples, and its differences from the others, which README.md describes.
type proxy struct {
	name string
	// files are the example's files; the program's configuration is the first.
	files   []string
	changes func(b targets) ([]change, error)
	command func(config string) []string
	// passes are the client's headers that the proxy cannot remove.
	passes []string
	// refusesUpgrade is set where the proxy returns 403 for a WebSocket request, instead of
	// forwarding it as a plain one.
	refusesUpgrade bool
	// cleans maps paths to the normalized ones that the proxy sends to Usher and forwards.
	cleans map[string]string
	// text is set where the proxy's own error responses cannot have the documented body.
	text bool
}

func proxies() []proxy { return []proxy{nginx(), traefik(), caddy(), envoy(), haproxy()} }

func fetched(program string) string {
	path, err := filepath.Abs(filepath.Join(root, "bin", "proxies", program))
	if err != nil {
		return program
	}
	return path
}

func nginx() proxy {
	return proxy{
		name: "nginx", files: []string{"nginx/nginx.conf"},
		changes: func(b targets) ([]change, error) {
			return []change{
				{"/run/usher-nginx/", b.dir + "/"},
				{"server usher-gateway:8081;", "server " + b.gateway + ";"},
				{"server video-api:8080;", "server " + b.api + ";"},
				{"listen 8000;", "listen " + b.front + ";"},
			}, nil
		},
		command: func(config string) []string {
			return []string{"nginx", "-p", filepath.Dir(config), "-c", config, "-e", "stderr", "-g", nginxDirectives()}
		},
		passes: []string{"Usher-Anything", "Usher-Else"}, // two that README.md does not list
	}
}

func traefik() proxy {
	return proxy{
		name: "traefik", text: true, cleans: map[string]string{"/v1/%76ideos": "/v1/videos"}, files: []string{"traefik/traefik.yaml", "traefik/dynamic.yaml"},
		changes: func(b targets) ([]change, error) {
			question, err := harness.FreeAddr()
			return []change{
				{"address: :8000", "address: " + b.front},
				{"/etc/traefik/", b.dir + "/"},
				{"127.0.0.1:8082", question},
				{"usher-gateway:8081", b.gateway},
				{"video-api:8080", b.api},
			}, err
		},
		command: func(config string) []string { return []string{fetched("traefik"), "--configFile=" + config} },
	}
}

func caddy() proxy {
	return proxy{
		name: "caddy", files: []string{"caddy/Caddyfile"},
		changes: func(b targets) ([]change, error) {
			_, port, _ := strings.Cut(b.front, ":")
			return []change{{":8000 {", ":" + port + " {"}, {"usher-gateway:8081", b.gateway}, {"video-api:8080", b.api}}, nil
		},
		command: func(config string) []string {
			return []string{fetched("caddy"), "run", "--adapter", "caddyfile", "--config", config}
		},
	}
}

func haproxy() proxy {
	return proxy{
		name: "haproxy", files: []string{"haproxy/haproxy.cfg", "haproxy/usher.lua"},
		changes: func(b targets) ([]change, error) {
			question, err := harness.FreeAddr()
			return []change{
				{"bind :8000", "bind " + b.front},
				{"/etc/haproxy/", b.dir + "/"},
				{"127.0.0.1:8082", question},
				{"usher-gateway:8081", b.gateway},
				{"video-api:8080", b.api},
			}, err
		},
		command: func(config string) []string { return []string{"haproxy", "-db", "-f", config} },
	}
}

func envoy() proxy {
	return proxy{
		name: "envoy", refusesUpgrade: true, files: []string{"envoy/envoy.yaml", "envoy/certificate.yaml", "envoy/authority.yaml"},
		changes: func(b targets) ([]change, error) {
			var endpoints []string
			for _, addr := range b.tokens {
				endpoints = append(endpoints, "{endpoint: {address: {socket_address: {address: "+strings.Replace(addr, ":", ", port_value: ", 1)+"}}}}")
			}
			return []change{
				{"address: 0.0.0.0, port_value: 8000", "address: " + strings.Replace(b.front, ":", ", port_value: ", 1)},
				{"{endpoint: {address: {socket_address: {address: usher-token, port_value: 9090}}}}", strings.Join(endpoints, ", ")},
				{"address: video-api, port_value: 8080", "address: " + strings.Replace(b.api, ":", ", port_value: ", 1)},
				{"spiffe://example.internal/", "spiffe://" + harness.TrustDomain + "/"},
				{"/etc/envoy/usher/tls.crt", filepath.Join(b.certs, resourceServer+".pem")},
				{"/etc/envoy/usher/tls.key", filepath.Join(b.certs, resourceServer+".key")},
				{"/etc/envoy/usher/ca.crt", filepath.Join(b.certs, "ca.pem")},
				{"{path: /etc/envoy/usher}", "{path: " + b.certs + "}"},
				{"/etc/envoy/usher/", b.dir + "/"},
			}, nil
		},
		command: func(config string) []string {
			return []string{fetched("envoy"), "-c", config, "--use-dynamic-base-id", "--concurrency", "2", "-l", "warning"}
		},
	}
}

// atEachProxy runs a test with every example concurrently.
func atEachProxy(t *testing.T, test func(t *testing.T, p proxy, rp *running)) {
	t.Helper()
	for _, p := range proxies() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, p, shared.enforcers[p.name])
		})
	}
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	expect.NoError(t, err)
	return u.Host
}

// unusedAddr returns an address where no process listens.
func unusedAddr(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	expect.NoError(t, err)
	return addr
}

// copyOf copies some files of a folder into a new one.
func copyOf(t *testing.T, from string, names ...string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(from, name))
		expect.NoError(t, err)
		expect.NoError(t, os.WriteFile(filepath.Join(to, name), text, 0o600))
	}
	return to
}
