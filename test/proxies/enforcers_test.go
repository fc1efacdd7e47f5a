package proxies

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// resourceServer is in whose name Envoy asks.
const resourceServer = "video-api"

// behind is what an example leads to, as host:port, and where it listens.
type behind struct {
	front string
	// gateway is the gateway's admin listener, and tokens are the token service's replicas.
	gateway string
	tokens  []string
	api     string
	// certs is the folder of Envoy's certificate and of the authority.
	certs string
	// dir is the example's own folder.
	dir string
	// transport leads to a front by TLS; nil for a door.
	transport func(front string) *http.Transport
	// more is what a test changes besides.
	more []change
}

// usual is the shared deployment.
func usual() behind {
	d := shared.deployment
	return behind{gateway: strings.TrimPrefix(d.AdminURL, "http://"), tokens: d.TokenAddrs, certs: d.Dir()}
}

// proxy is one of the examples, and where it differs from the others. README.md says the same in words.
type proxy struct {
	name string
	// files are the example's, that which the program reads first.
	files   []string
	changes func(b behind) ([]change, error)
	command func(config string) []string
	// passes are the names of a client's headers that it cannot take off.
	passes []string
	// refusesUpgrade is where it answers a request for a WebSocket with 403, instead of passing it on as a plain one.
	refusesUpgrade bool
	// cleans is what it makes of some paths before it asks about them and passes them on.
	cleans map[string]string
	// text is where what it answers by itself cannot have the documented body.
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
		changes: func(b behind) ([]change, error) {
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
		passes: []string{"Usher-Anything", "Usher-Else"}, // any that README.md does not list
	}
}

func traefik() proxy {
	return proxy{
		name: "traefik", text: true, cleans: map[string]string{"/v1/%76ideos": "/v1/videos"}, files: []string{"traefik/traefik.yaml", "traefik/dynamic.yaml"},
		changes: func(b behind) ([]change, error) {
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
		changes: func(b behind) ([]change, error) {
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
		changes: func(b behind) ([]change, error) {
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
		changes: func(b behind) ([]change, error) {
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

// atEachDoor runs a test at every example at the same time.
func atEachDoor(t *testing.T, test func(t *testing.T, p proxy, door *running)) {
	t.Helper()
	for _, p := range proxies() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, p, shared.doors[p.name])
		})
	}
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Host
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	must(t, err)
	return addr
}

// copyOf leaves a copy of some files of a folder in another.
func copyOf(t *testing.T, from string, names ...string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(from, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), text, 0o600))
	}
	return to
}
