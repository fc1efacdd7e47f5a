package clients

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// applied is the JSON output of `usher clients apply`.
type applied struct {
	Created  []string `json:"created"`
	Disabled []string `json:"disabled"`
	Updated  []struct {
		ClientID    string                    `json:"client_id"`
		Differences map[string]map[string]any `json:"differences"`
	} `json:"updated"`
}

// manifestOf writes a manifest and returns its path.
func manifestOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clients.yaml")
	expect.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func apply(t *testing.T, d *harness.Deployment, args ...string) applied {
	t.Helper()
	printed, err := d.Operate(t.Context(), shared.Bins, append([]string{"clients", "apply", "-o", "json"}, args...)...)
	expect.NoError(t, err)
	var a applied
	expect.NoError(t, json.Unmarshal([]byte(printed), &a))
	return a
}

const twoClients = `
clients:
  - id: vdo_client_applied
    name: Applied
    grant_types: [client_credentials]
    workspace: ws_acme
    scopes: [videos:read, export:write]
  - id: vdo_client_phone
    name: Phone
    type: public
    redirect_uris: [http://127.0.0.1/callback]
    scopes: [videos:read]
    refresh_retry: 5s
`

// TestClientsApply registers and changes clients to match a manifest: the dry run changes nothing, a second
// run has nothing to change, a secret is in a file and never in the output, and no client is
// disabled without --prune.
func TestClientsApply(t *testing.T) {
	t.Parallel() // it has its own server
	d := shared.OwnAllInOne(t, nil)
	secrets := t.TempDir()
	path := manifestOf(t, twoClients)
	both := []string{"vdo_client_applied", "vdo_client_phone"}
	if diff := cmp.Diff(both, apply(t, d, path, "--dry-run").Created); diff != "" {
		t.Errorf("the dry run: %s", diff)
	}
	if _, err := d.Operate(t.Context(), shared.Bins, "clients", "show", "vdo_client_phone"); err == nil {
		t.Error("the dry run registered a client")
	}
	if _, err := d.Operate(t.Context(), shared.Bins, "clients", "apply", path); err == nil {
		t.Error("a secret would have been lost")
	}
	if diff := cmp.Diff(both, apply(t, d, path, "--secrets", secrets).Created); diff != "" {
		t.Errorf("created: %s", diff)
	}
	if got := apply(t, d, path); len(got.Created)+len(got.Updated)+len(got.Disabled) > 0 {
		t.Errorf("the second run changes %+v", got)
	}
	kept, err := os.ReadFile(filepath.Join(secrets, "vdo_client_applied"))
	expect.NoError(t, err)
	c := serviceClient{d: d, id: "vdo_client_applied", secret: strings.TrimSpace(string(kept))}
	a, err := c.request()
	expect.NoError(t, err)
	token := wantServiceToken(t, a, "videos:read export:write")

	changed := manifestOf(t, strings.NewReplacer("[videos:read, export:write]", "[videos:read]", "    refresh_retry: 5s\n", "", "name: Phone", "name: Telephone").Replace(twoClients))
	for _, flag := range []string{"--dry-run", "--yes"} {
		got := apply(t, d, changed, flag)
		if len(got.Updated) != 2 || len(got.Created)+len(got.Disabled) != 0 || len(got.Updated[0].Differences) != 1 || len(got.Updated[1].Differences) != 2 {
			t.Errorf("%s: %+v", flag, got)
		}
	}
	if got := apply(t, d, changed); len(got.Updated) != 0 {
		t.Errorf("the second run changes %+v", got.Updated)
	}
	a, err = c.request()
	expect.NoError(t, err)
	wantServiceToken(t, a, "videos:read")
	expect.Active(t, d, token, true)
	wantPruned(t, d, c, token)
}

// wantPruned: --prune disables the clients that the manifest does not have, and asks first.
func wantPruned(t *testing.T, d *harness.Deployment, c serviceClient, token string) {
	t.Helper()
	fixtures := []string{harness.ConfidentialID, harness.PublicID, harness.ResourceID, harness.DeviceID}
	rest := "clients: [{id: vdo_client_phone, name: Telephone, type: public, redirect_uris: ['http://127.0.0.1/callback'], scopes: ['videos:read']}"
	for _, id := range fixtures {
		rest += ", {id: " + id + ", name: x}"
	}
	keep := manifestOf(t, rest+"]")
	if _, err := d.Operate(t.Context(), shared.Bins, "clients", "apply", keep); err == nil {
		t.Error("lists of the fixtures were emptied")
	}
	only := manifestOf(t, twoClients[:strings.Index(twoClients, "  - id: vdo_client_phone")])
	expect.Equal(t, "without --prune, disabled clients", len(apply(t, d, only, "--dry-run").Disabled), 0)
	if _, err := d.Operate(t.Context(), shared.Bins, "clients", "apply", only, "--prune"); err == nil {
		t.Error("clients were disabled without a confirmation")
	}
	expect.Active(t, d, token, true)
	expect.Equal(t, "clients to disable", len(apply(t, d, only, "--prune", "--dry-run").Disabled), 1+len(fixtures))
	expect.Equal(t, "disabled clients", len(apply(t, d, only, "--prune", "--yes").Disabled), 1+len(fixtures))
	a, err := d.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, c.id, c.secret)
	expect.NoError(t, err)
	expect.Equal(t, "status of the client that stayed", a.Status, http.StatusOK)
	expect.Equal(t, "clients to disable again", len(apply(t, d, only, "--prune", "--yes").Disabled), 0)
	printed, err := d.Operate(t.Context(), shared.Bins, "clients", "show", harness.PublicID)
	expect.NoError(t, err)
	if !strings.Contains(printed, "disabled") {
		t.Errorf("a client that the manifest does not have is\n%s", printed)
	}
}
