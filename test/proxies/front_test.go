package proxies

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// The address that the fronts serve, as in the examples.
const (
	frontHost = "login.example.com"
	frontURL  = "https://" + frontHost
)

// fronts returns the examples that terminate TLS for Usher itself. In their targets, gateway is the
// public listener and certs is the folder of their certificate.
func fronts() []proxy {
	return []proxy{
		{
			name: "nginx", files: []string{"nginx/front.conf"}, command: nginx().command,
			changes: leadsTo(func(b targets) []change {
				return []change{{"/run/usher-nginx/", b.dir + "/"}, {"listen 443", "listen " + b.front}, {"/etc/nginx/", b.certs + "/"}}
			}),
		},
		{
			name: "traefik", files: []string{"traefik/front.yaml", "traefik/front-dynamic.yaml"}, command: traefik().command,
			changes: leadsTo(func(b targets) []change {
				return []change{{"address: :443", "address: " + b.front}, {"/etc/traefik/tls", b.certs + "/tls"}, {"/etc/traefik/", b.dir + "/"}}
			}),
		},
		{
			name: "caddy", files: []string{"caddy/front.Caddyfile"}, command: caddy().command,
			changes: leadsTo(func(b targets) []change {
				_, port, _ := strings.Cut(b.front, ":")
				return []change{
					{frontHost + " {", frontHost + ":" + port + " {"},
					{"/etc/caddy/", b.certs + "/"},
					{"admin off", "admin off\n\tauto_https disable_redirects"}, // which listens on port 80
				}
			}),
		},
		{
			name: "haproxy", files: []string{"haproxy/front.cfg"}, command: haproxy().command,
			changes: leadsTo(func(b targets) []change {
				return []change{{"bind :443", "bind " + b.front}, {"/etc/haproxy/", b.certs + "/"}}
			}),
		},
		{
			name: "envoy", files: []string{"envoy/front.yaml"}, command: envoy().command,
			changes: func(b targets) ([]change, error) {
				return []change{
					{"address: 0.0.0.0, port_value: 443", "address: " + strings.Replace(b.front, ":", ", port_value: ", 1)},
					{"address: usher-gateway, port_value: 8080", "address: " + strings.Replace(b.gateway, ":", ", port_value: ", 1)},
					{"/etc/envoy/", b.certs + "/"},
				}, nil
			},
		},
	}
}

// leadsTo adds the gateway's address to the changes, where the example has it in one piece.
func leadsTo(changes func(b targets) []change) func(b targets) ([]change, error) {
	return func(b targets) ([]change, error) {
		return append(changes(b), change{"usher-gateway:8080", b.gateway}), nil
	}
}

// usherBehindFronts is an Usher whose public address is that of the fronts, and the running fronts
// by name.
type usherBehindFronts struct {
	usher  *harness.Deployment
	api    *api
	fronts map[string]*running
}

// newUsherBehindFronts starts an all-in-one with an API behind /v1, and all fronts concurrently.
func newUsherBehindFronts() (*usherBehindFronts, error) {
	w := &usherBehindFronts{api: newAPI(), fronts: map[string]*running{}}
	dir, err := os.MkdirTemp(shared.dir, "fronts-")
	if err != nil {
		return w, err
	}
	w.usher, err = harness.AllInOne(shared.bins, dir, harness.WithLongTimeouts(map[string]string{
		"USHER_PUBLIC_URL": frontURL, "USHER_GATEWAY_TRUSTED_PROXIES": "127.0.0.1/32", "USHER_UPSTREAM_URL": w.api.URL,
	}))
	if err != nil {
		return w, err
	}
	roots, err := certify(dir)
	if err != nil {
		return w, err
	}
	b := targets{gateway: strings.TrimPrefix(w.usher.PublicURL, "http://"), api: w.api.addr(), certs: dir}
	b.transport = func(front string) *http.Transport {
		return &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, front)
			},
		}
	}
	started, err := launchAll(fronts(), func(p proxy) (*running, error) { return launch(p, b) })
	for _, r := range started {
		w.fronts[r.name] = r
	}
	return w, err
}

// at returns Usher as browsers and clients see it through a front.
func (*usherBehindFronts) at(front *running) *harness.Deployment {
	return harness.RemoteWithClient(frontURL, &http.Client{
		Transport: front.transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
}

func (w *usherBehindFronts) close() error {
	var errs []error
	for _, f := range w.fronts {
		f.transport.CloseIdleConnections()
		errs = append(errs, f.stop())
	}
	w.api.Close()
	if w.usher != nil {
		errs = append(errs, w.usher.Close())
	}
	return errors.Join(errs...)
}

// certify writes a certificate for the fronts' host into dir: tls.crt, tls.key, and both as
// tls.pem.
func certify(dir string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{frontHost}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert, private := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	for name, text := range map[string][]byte{"tls.crt": cert, "tls.key": private, "tls.pem": append(cert[:len(cert):len(cert)], private...)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return roots, nil
}

// TestEachFrontCarriesAPersonFromSignInToDisconnect, with TLS, and forwards /v1 with bodies larger
// than every default limit.
func TestEachFrontCarriesAPersonFromSignInToDisconnect(t *testing.T) {
	t.Parallel()
	w := shared.usherBehindFronts
	body, sum := patterned(20 << 20)
	for _, p := range fronts() {
		front := w.fronts[p.name]
		d := w.at(front)
		browser := d.NewBrowser()
		tokens, err := d.Issue(browser, harness.Request{})
		expect.NoError(t, err)
		a := front.send(t, http.MethodPost, "/v1/videos/vid_1/analyze", tokens.Access, strings.NewReader(body))
		if r := wantForwarded(t, a); r.Sum != sum || !strings.HasPrefix(identity(r.Header)["USHER_SUBJECT"], "usr_") {
			t.Errorf("%s: %d bytes arrived, with the identity %v", p.name, r.Length, identity(r.Header))
		}
		page, err := browser.Disconnect(harness.ConfidentialID)
		if err != nil || page.Status/100 != 2 && page.Status/100 != 3 {
			t.Fatalf("%s: disconnecting returned %d, %v", p.name, page.Status, err)
		}
		a = front.send(t, http.MethodGet, "/v1/videos", tokens.Access, nil)
		if a.Status != http.StatusUnauthorized || !strings.Contains(a.Raw, "Invalid or expired access token") {
			t.Errorf("%s: after disconnecting, /v1 returned %d %s", p.name, a.Status, a.Raw)
		}
	}
}

// TestEachFrontForwardsTheClientsAddress, in headers that the gateway reads, whatever the client
// sends: the front sets the last address of X-Forwarded-For itself.
func TestEachFrontForwardsTheClientsAddress(t *testing.T) {
	t.Parallel()
	echo := newAPI()
	t.Cleanup(echo.Close)
	dir := t.TempDir()
	roots, err := certify(dir)
	expect.NoError(t, err)
	b := targets{gateway: echo.addr(), certs: dir, api: echo.addr()}
	b.transport = func(front string) *http.Transport {
		return &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, front)
			},
		}
	}
	for _, p := range fronts() {
		front := startProxy(t, p, b)
		r := wantForwarded(t, front.send(t, http.MethodGet, "/v1/videos?a=%2F..", "", nil, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "gopher"))
		hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
		last := strings.TrimSpace(hops[len(hops)-1])
		if net.ParseIP(last) == nil || last == "203.0.113.9" || r.Header.Get("X-Forwarded-Proto") != "https" || r.Host != frontHost || r.URI != "/v1/videos?a=%2F.." {
			t.Errorf("%s forwards %s of %s from %v", p.name, r.URI, r.Host, r.Header)
		}
	}
}
