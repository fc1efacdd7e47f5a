package deploy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// publicPaths returns the paths of the gateway's route table, without the demo's and health, which
// the load balancer requests itself.
func publicPaths(t *testing.T) []string {
	t.Helper()
	var table string
	for _, name := range []string{"gateway.go", "openid.go", "developers.go", "workspaces.go"} {
		source, err := os.ReadFile("../../gateway/" + name)
		if err != nil {
			t.Fatal(err)
		}
		routes, _, _ := strings.Cut(string(source), "\nfunc demo(")
		table += routes
	}
	named := map[string]string{
		"path": "/oauth/token", "userapi.Path": "/api/v1/user", "browser.CookieCheckPath": "/cookie-check", "page.AssetsPath": "/assets/x.css",
		"page.LogosPath": "/logos/x.png", "workspaces.Path": "/workspaces",
		"catalog.MetadataPath": "/.well-known/oauth-protected-resource", "openapi.Path": "/openapi.json", "docsite.Path": "/docs",
		"browser.DevicesPath": "/account/devices", "registration.Path": "/oauth/register",
		"openid.KeysPath": "/oauth/jwks", "openid.UserInfoPath": "/oauth/userinfo", "browser.LogoutPath": "/oauth/logout",
		"browser.LogoutDecisionPath": "/oauth/logout/decision",
	}
	var paths []string
	for _, found := range regexp.MustCompile(`\tr\.\w+\((?:"([^"]+)"|([\w.]+))`).FindAllStringSubmatch(table, -1) {
		path := found[1] + named[found[2]]
		if path == "" {
			t.Errorf("the route table has %s: add it to this test", found[2])
		}
		if path != "/healthz" {
			paths = append(paths, path)
		}
	}
	if len(paths) < 20 {
		t.Errorf("only %d routes were found", len(paths))
	}
	return paths
}

// TestEveryPublicPathLeadsToTheGateway, from the HTTPRoute and from the Ingress alike.
func TestEveryPublicPathLeadsToTheGateway(t *testing.T) {
	rules := map[string]*regexp.Regexp{
		"gateway-api/httproute.yaml": regexp.MustCompile(`type: (PathPrefix|Exact), value: ([^}]+)}`),
		"ingress/ingress.yaml":       regexp.MustCompile(`path: ([^,]+), pathType: (Prefix|Exact)`),
	}
	for file, rule := range rules {
		text, err := os.ReadFile("../../deploy/k8s/components/" + file)
		if err != nil {
			t.Fatal(err)
		}
		exact, prefixes := map[string]bool{}, []string{}
		for _, found := range rule.FindAllStringSubmatch(string(text), -1) {
			path, kind := found[1], found[2]
			if strings.HasPrefix(found[2], "/") {
				path, kind = found[2], found[1]
			}
			if kind == "Exact" {
				exact[path] = true
			} else {
				prefixes = append(prefixes, path)
			}
		}
		for _, path := range publicPaths(t) {
			leads := exact[path]
			for _, prefix := range prefixes {
				leads = leads || path == prefix || strings.HasPrefix(path, prefix+"/")
			}
			if !leads {
				t.Errorf("%s does not route %s to the gateway", file, path)
			}
		}
	}
}
