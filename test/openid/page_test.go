package openid

import (
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestN10_EveryCommandOfTheOpenIDPageRuns follows docs/openid.md.
func TestN10_EveryCommandOfTheOpenIDPageRuns(t *testing.T) {
	page, err := os.ReadFile("../../docs/openid.md")
	expect.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```sh test\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 4 {
		t.Fatalf("the page has %d blocks", len(blocks))
	}
	d := shared.Processes()
	operator, err := d.OperatorEnv()
	expect.NoError(t, err)
	env := maps.Clone(operator)
	env["GATEWAY"], env["PATH"] = d.PublicURL, filepath.Dir(shared.Bins.Path("usher"))+":"+os.Getenv("PATH")
	env["ACCESS_TOKEN"] = newRP(d).login(t, "scope", "openid profile email").Text("access_token")
	for _, block := range blocks {
		// The deployment of the tests states that the addresses are verified, which is not the default.
		text := strings.ReplaceAll(block[1], ".email_verified == false", ".email_verified == true")
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
		cmd.Dir, cmd.Env = t.TempDir(), os.Environ()
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, text, out)
		}
	}
}

// TestN10_OffIsAsBefore: where OpenID Connect is off, its names are known and ignored, and its endpoints do not
// exist.
func TestN10_OffIsAsBefore(t *testing.T) {
	off, err := harness.AllInOne(shared.Bins, t.TempDir(), harness.WithLongTimeouts(map[string]string{"USHER_OPENID": "false"}))
	expect.NoError(t, err)
	defer func() { expect.NoError(t, off.Close()) }()
	for _, path := range []string{"/.well-known/openid-configuration", "/oauth/jwks", "/oauth/userinfo", "/oauth/logout"} {
		res, err := harness.Send(mustGet(t, off.PublicURL+path))
		expect.NoError(t, err)
		if res.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.Status)
		}
	}
	metadata, _ := get(t, off.PublicURL+"/.well-known/oauth-authorization-server")
	if metadata["jwks_uri"] != nil || metadata["claims_supported"] != nil || len(list(metadata, "scopes_supported")) != 15 {
		t.Errorf("the metadata is %v", metadata)
	}
	r := newRP(off)
	back := r.finish(t, r.open(t, r.params("scope", "openid profile videos:read")))
	a, err := off.Exchange(back.Get("code"), harness.Request{})
	expect.NoError(t, err)
	if a.Text("scope") != "videos:read" || a.Body["id_token"] != nil {
		t.Errorf("%d %s", a.Status, a.Raw)
	}
	if back := r.open(t, r.params()).Query(); back.Get("error") != "invalid_scope" {
		t.Errorf("openid alone: %v", back)
	}
}
