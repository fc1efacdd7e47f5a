package proxies

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/test/expect"
)

// ingressNginx is nginx with the configuration that the controller of ingress-nginx generates from
// the annotations of docs/kubernetes.md: its template's directives for external authorization,
// forwarded headers and limits.
func ingressNginx(t *testing.T) proxy {
	t.Helper()
	annotations := ingressAnnotations(t)
	var headers strings.Builder
	for _, name := range strings.Split(annotations["auth-response-headers"], ",") {
		variable := "$auth_" + strings.ToLower(strings.ReplaceAll(name, "-", "_"))
		headers.WriteString("auth_request_set " + variable + " $upstream_http_" + strings.ToLower(strings.ReplaceAll(name, "-", "_")) + ";\n")
		headers.WriteString("proxy_set_header '" + name + "' " + variable + ";\n")
	}
	limits := "client_max_body_size " + annotations["proxy-body-size"] + ";\n"
	text := `pid DIR/nginx.pid; events {} http {
client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
access_log off; map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
server { listen FRONT;
location = /_external-auth {
internal; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header X-Forwarded-Proto "";
proxy_method ` + annotations["auth-method"] + `;
proxy_set_header X-Original-URL $scheme://$http_host$request_uri; proxy_set_header X-Original-Method $request_method;
proxy_set_header X-Sent-From "nginx-ingress-controller"; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Auth-Request-Redirect $request_uri; proxy_pass_request_headers on;
` + limits + annotations["auth-snippet"] + `
proxy_pass ` + annotations["auth-url"] + `;
}
location / {
auth_request /_external-auth; ` + headers.String() + limits + `
proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Host $http_host;
proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Scheme $scheme;
proxy_set_header Proxy ""; proxy_http_version 1.1;
proxy_read_timeout ` + annotations["proxy-read-timeout"] + `s; proxy_buffering ` + annotations["proxy-buffering"] + `;
proxy_request_buffering ` + annotations["proxy-request-buffering"] + `;
` + annotations["configuration-snippet"] + `
proxy_pass http://API;
}
location = /ready { return 204; }
} }`
	file := filepath.Join(t.TempDir(), "nginx.conf")
	expect.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return proxy{
		name: "ingress-nginx", files: []string{file}, command: nginx().command,
		changes: func(b targets) ([]change, error) {
			return []change{
				{"DIR/", b.dir + "/"}, {"FRONT", b.front}, {"gateway-forward-auth.usher.svc.cluster.local:8081", b.gateway}, {"http://API", "http://" + b.api},
			}, nil
		},
	}
}

// ingressAnnotations returns the annotations that docs/kubernetes.md prints, without their prefix.
func ingressAnnotations(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "kubernetes.md"))
	expect.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml ingress-nginx\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/kubernetes.md has no annotations for ingress-nginx")
	}
	var printed map[string]string
	expect.NoError(t, yaml.Unmarshal(block[1], &printed))
	annotations := map[string]string{}
	for name, value := range printed {
		annotations[strings.TrimPrefix(name, "nginx.ingress.kubernetes.io/")] = value
	}
	return annotations
}

// TestTheAnnotationsForIngressNginxEnforceTokens: requests without a valid token are denied, and
// the others are forwarded with the token's identity and no other.
func TestTheAnnotationsForIngressNginxEnforceTokens(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	b := sharedTargets()
	rp := startProxy(t, ingressNginx(t), b)
	r := wantForwarded(t, request(t, "GET", rp.url+"/v1/videos?a=%2F..", token, forgedHeaders()...))
	if got := identity(r.Header); got["USHER_CLIENT_ID"] != "vdo_client_abc123" || got["USHER_SUBJECT"] == marker || r.URI != "/v1/videos?a=%2F.." {
		t.Errorf("forwarded as %s with the identity %v", r.URI, got)
	}
	for _, name := range []string{"Authorization", "Cookie", "X-Http-Method-Override", "X-Original-Url", "X-Rewrite-Url"} {
		if value, ok := r.Header[name]; ok {
			t.Errorf("%s: %q reached the API", name, value)
		}
	}
	body, sum := patterned(20 << 20)
	if r := wantForwarded(t, send(t, "POST", rp.url+"/v1/videos/vid_1/analyze", token, strings.NewReader(body))); r.Sum != sum {
		t.Errorf("%d bytes arrived", r.Length)
	}
	for _, row := range []struct {
		method, path, token string
		status              int
	}{
		{"GET", "/v1/videos", "", http.StatusUnauthorized},
		{"GET", "/v1/videos", "vdo_oat_nothing", http.StatusUnauthorized},
		{"POST", "/v1/videos/vid_1/export", token, http.StatusForbidden},
		{"GET", "/v1/nothing", token, http.StatusForbidden},
		{"GET", "//v1/videos", token, http.StatusForbidden},
		{"OPTIONS", "/v1/videos", "", http.StatusUnauthorized},
	} {
		if a := request(t, row.method, rp.url+row.path, row.token); a.Status != row.status {
			t.Errorf("%s %s returned %d, want %d", row.method, row.path, a.Status, row.status)
		}
	}
	b.gateway = unusedAddr(t)
	if a := request(t, "GET", startProxy(t, ingressNginx(t), b).url+"/v1/videos", token); a.Status != http.StatusInternalServerError {
		t.Errorf("without Usher it returns %d", a.Status)
	}
}
