package deploy_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/deploy"
)

// TestThePrivateAuthoritiesOfTheStoresAreMounted where the production overlay and the page name them, and the
// page's command puts Redis's into its Secret: the images have no authorities of a system.
func TestThePrivateAuthoritiesOfTheStoresAreMounted(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{"redis": "", "database": "", "databases": ""}
	for _, m := range regexp.MustCompile(`sslrootcert=(/etc/usher/(\w+)/ca\.crt)`).FindAllStringSubmatch(string(page), -1) {
		named[m[2]] = m[1]
	}
	all := append(render(t, "prod"), render(t, "prod/migrate")...)
	for _, o := range all {
		if data, _ := o.At("data").(deploy.Object); data["USHER_REDIS_TLS"] == "true" {
			named["redis"], _ = data["USHER_REDIS_CA_FILE"].(string)
		}
	}
	if !strings.Contains(string(page), "USHER_REDIS_CA_FILE="+named["redis"]) ||
		!regexp.MustCompile(`secret generic redis .*--from-file=ca\.crt=`).Match(page) {
		t.Error("the page does not say how Redis's authority gets into its Secret")
	}
	for volume, want := range map[string][]string{
		"redis": {"identity", "authz"}, "database": {"identity", "authz", "token", "consent", "activity"}, "databases": {"migrate-v0-0-0"},
	} {
		for _, name := range want {
			if at := mounted(all, name, volume); at == "" || path.Dir(named[volume]) != at {
				t.Errorf("%s mounts %s at %q, and the authority is %q", name, volume, at, named[volume])
			}
		}
	}
}

// mounted returns where a workload's pods mount a volume.
func mounted(all []deploy.Object, workload, volume string) string {
	for _, o := range all {
		if o.Pod() == nil || o.Name() != workload {
			continue
		}
		containers, _ := o.Pod().At("containers").([]any)
		for _, c := range containers {
			mounts, _ := c.(deploy.Object).At("volumeMounts").([]any)
			for _, m := range mounts {
				if mount, _ := m.(deploy.Object); mount["name"] == volume {
					at, _ := mount["mountPath"].(string)
					return at
				}
			}
		}
	}
	return ""
}
