package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vidocu/usher/test/deploy"
)

// shared returns the objects of a migration, other than its namespace, that its overlay has too:
// to apply the migration would replace them in the cluster.
func shared(overlay, migrate []deploy.Object) (names []string) {
	for _, m := range migrate {
		same := func(o deploy.Object) bool { return o.Kind() == m.Kind() && o.Name() == m.Name() }
		if m.Kind() != "Namespace" && slices.ContainsFunc(overlay, same) {
			names = append(names, m.Kind()+" "+m.Name())
		}
	}
	return names
}

// TestAMigrationReplacesNoObjectOfItsOverlay: it is applied while the previous release serves.
func TestAMigrationReplacesNoObjectOfItsOverlay(t *testing.T) {
	for _, overlay := range []string{"dev", "prod"} {
		all, migrate := render(t, overlay), render(t, overlay+"/migrate")
		if names := shared(all, migrate); len(names) > 0 {
			t.Errorf("%s/migrate replaces %v of %s", overlay, names, overlay)
		}
		for _, o := range migrate {
			if o.Kind() == "NetworkPolicy" {
				o.Plant("authz", "metadata", "name") // a fault that the rule must report
				break
			}
		}
		if len(shared(all, migrate)) != 1 {
			t.Errorf("%s: a policy of the overlay in its migration is not reported", overlay)
		}
	}
}

// TestTheAddressesOfTheStoresAreInOneFile: an operator who edits overlays/prod/stores alone reaches
// both stores, from the services and from the migration.
func TestTheAddressesOfTheStoresAreInOneFile(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../../deploy/k8s")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "overlays/prod/stores/networkpolicy.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("192.0.2."), []byte("198.51.100."))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []struct {
		overlay, policy, cidr, pods string
	}{
		{"prod", "managed-postgresql", "198.51.100.0/28", "[identity authz token consent activity]"},
		{"prod", "managed-redis", "198.51.100.16/28", "[identity authz]"},
		{"prod/migrate", "migrate-postgresql", "198.51.100.0/28", "[migrate]"},
	} {
		rendered := buildFolder(t, filepath.Join(root, "overlays", place.overlay))
		if bytes.Contains(rendered, []byte("192.0.2.")) {
			t.Errorf("%s has an address of the stores elsewhere", place.overlay)
		}
		for _, o := range parse(t, rendered) {
			if o.Kind() != "NetworkPolicy" || o.Name() != place.policy {
				continue
			}
			cidr, pods := o.Text("spec", "egress", "0", "to", "0", "ipBlock", "cidr"), o.Text("spec", "podSelector", "matchExpressions", "0", "values")
			if cidr != place.cidr || pods != place.pods {
				t.Errorf("%s of %s lets %s reach %s", place.policy, place.overlay, pods, cidr)
			}
			place.policy = ""
		}
		if place.policy != "" {
			t.Errorf("%s has no policy %s", place.overlay, place.policy)
		}
	}
}
