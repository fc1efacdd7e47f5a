package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/token"
	"github.com/vidocu/usher/test/deploy"
)

// egressRow is a line of the table of docs/kubernetes.md that names what a setting needs.
type egressRow struct {
	pods         []string
	port, policy string
}

// egressRows reads that table.
func egressRows(t *testing.T) (rows []egressRow) {
	t.Helper()
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile("(?m)^\\| [^|]*`[a-z_.]+`[^|]* \\| ([a-z, ]+) \\| (\\d+) \\| `([a-z-]+)`")
	for _, found := range line.FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, egressRow{strings.Split(found[1], ", "), found[2], found[3]})
	}
	return rows
}

// selected returns the processes that a policy selects.
func selected(policy deploy.Object) (names []string) {
	if name := policy.At("spec", "podSelector", "matchLabels", "app.kubernetes.io/name"); name != nil {
		return []string{fmt.Sprint(name)}
	}
	values, _ := policy.At("spec", "podSelector", "matchExpressions", "0", "values").([]any)
	for _, v := range values {
		names = append(names, fmt.Sprint(v))
	}
	return names
}

// TestEverySettingThatNeedsARuleHasOne: the policies of the component egress and those of the stores
// are what the page's table says, and the base has none of them.
func TestEverySettingThatNeedsARuleHasOne(t *testing.T) {
	policies, listed := map[string]deploy.Object{}, map[string]bool{}
	for _, o := range render(t, optional) {
		if o.Kind() == "NetworkPolicy" {
			policies[o.Name()] = o
		}
	}
	for _, row := range egressRows(t) {
		listed[row.policy] = true
		policy := policies[row.policy]
		if policy == nil {
			t.Errorf("the page names the policy %s, which no component has", row.policy)
			continue
		}
		pods, port := selected(policy), policy.Text("spec", "egress", "0", "ports", "0", "port")
		if !slices.Equal(pods, row.pods) || port != row.port {
			t.Errorf("%s lets %v reach the port %s, and the page says %v and %s", row.policy, pods, port, row.pods, row.port)
		}
	}
	base := map[string]bool{}
	for _, o := range render(t, "dev") {
		base[o.Name()] = base[o.Name()] || o.Kind() == "NetworkPolicy"
	}
	for name := range policies {
		if !base[name] && !listed[name] {
			t.Errorf("the table of docs/kubernetes.md does not have the policy %s", name)
		}
	}
	if len(listed) < 6 {
		t.Errorf("the table has only %v", listed)
	}
}

// tokenProcess has the settings of the token service.
type tokenProcess struct {
	run.Settings `koanf:",squash"`
	Token        token.Config `koanf:"token"`
}

// TestTheKeyEncryptionKeyIsMounted: with the components the token service starts with OpenID Connect
// and with nonces, from the files of the Secret, and without them it refuses.
func TestTheKeyEncryptionKeyIsMounted(t *testing.T) {
	for overlay, faults := range map[string]int{optional: 0, "prod": 2} {
		mounts, environ := map[string]string{}, []string{"USHER_OPENID=true", "USHER_TOKEN_DPOP_NONCE=true"}
		for _, o := range render(t, overlay) {
			if o.Kind() != "Deployment" || o.Name() != "token" {
				continue
			}
			container := o.Pod().List("containers")[0]
			for _, m := range container.List("volumeMounts") {
				mounts[m.Text("mountPath")] = t.TempDir()
			}
			for _, e := range container.List("env") {
				name, file := e.Text("name"), e.Text("value")
				if !strings.Contains(name, "KEY_ENCRYPTION_KEY") {
					continue
				}
				folder := mounts[filepath.Dir(file)]
				if folder == "" {
					t.Fatalf("%s is in a folder that is not mounted", file)
				}
				there := filepath.Join(folder, filepath.Base(file))
				if err := os.WriteFile(there, []byte(strings.Repeat(name, 2)), 0o600); err != nil {
					t.Fatal(err)
				}
				environ = append(environ, name+"="+there)
			}
		}
		c := &tokenProcess{Settings: run.Default(), Token: token.DefaultConfig()}
		if _, err := run.Read(c, "", environ); err != nil {
			t.Fatalf("%s: %v", overlay, err)
		}
		if got := token.Check(c.Token, c.Common()); len(got) != faults {
			t.Errorf("%s: %v, want %d refusals", overlay, got, faults)
		}
		if faults == 0 && (c.Token.KeyEncryptionKey.IsZero() || c.Token.OtherKeyEncryptionKey.IsZero()) {
			t.Error("a key is not read")
		}
	}
}
