package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/test/deploy"
)

// TestEveryOverlaysSettingsAreAccepted loads them as a process does: the shared file, overridden by
// the environment.
func TestEveryOverlaysSettingsAreAccepted(t *testing.T) {
	for _, overlay := range []string{"dev", "prod"} {
		file, environ := filepath.Join(t.TempDir(), "usher.yaml"), []string(nil)
		for _, o := range render(t, overlay) {
			data, _ := o.At("data").(deploy.Object)
			for key, value := range data {
				text, _ := value.(string)
				if key == "usher.yaml" {
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				} else {
					environ = append(environ, key+"="+text)
				}
			}
		}
		c := &process{Settings: run.Default()}
		if _, err := run.Load("usher", c, file, environ); err != nil || len(environ) == 0 {
			t.Errorf("%s: %v, of %v", overlay, err, environ)
		}
		if c.Development || !strings.HasPrefix(c.PublicURL, "https://") || c.Peers.Token != "token:9090" || c.Redis.Addrs == nil {
			t.Errorf("%s has the settings %+v", overlay, c.Settings)
		}
	}
}

// TestFault_E2_EveryOverlayNamesItsProxies: without them all clients behind the ingress have one
// source address.
func TestFault_E2_EveryOverlayNamesItsProxies(t *testing.T) {
	for _, overlay := range []string{"dev", "prod"} {
		c := gateway.DefaultConfig()
		for _, o := range render(t, overlay) {
			data, _ := o.At("data").(deploy.Object)
			if list, ok := data["USHER_GATEWAY_TRUSTED_PROXIES"].(string); ok {
				c.TrustedProxies = strings.Split(list, ",")
			}
		}
		if err := c.Validate(); err != nil || len(c.TrustedProxies) == 0 {
			t.Errorf("%s trusts %q: %v", overlay, c.TrustedProxies, err)
		}
	}
}

// process has only the settings that all processes share.
type process struct {
	run.Settings `koanf:",squash"`
}
