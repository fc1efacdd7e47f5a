package deploy_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/vidocu/usher/services/token"
)

// TestTheTokenServiceHasRoomForItsCache of introspections, 1 KiB each, and as much again that the collector
// has not returned.
func TestTheTokenServiceHasRoomForItsCache(t *testing.T) {
	needs := 2 * token.DefaultConfig().IntrospectionCacheSize / 1024
	for _, overlay := range []string{"dev", "prod"} {
		found := 0
		for _, o := range render(t, overlay) {
			if o.Kind() != "Deployment" || o.Name() != "token" {
				continue
			}
			found++
			container := o.Pod().List("containers")[0]
			limit := ""
			for _, variable := range container.List("env") {
				if variable["name"] == "GOMEMLIMIT" {
					limit, _ = variable["value"].(string)
				}
			}
			if has, err := strconv.Atoi(strings.TrimSuffix(limit, "MiB")); err != nil || has < needs {
				t.Errorf("%s: the token service has %q, and needs %d MiB for its cache: %v", overlay, limit, needs, err)
			}
		}
		if found != 1 {
			t.Errorf("%s has %d Deployments named token, want 1", overlay, found)
		}
	}
}
