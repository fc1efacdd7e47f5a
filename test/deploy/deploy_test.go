package deploy_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/deploy"
)

// render builds an overlay with the pinned Kustomize and parses it.
func render(t *testing.T, overlay string) []deploy.Object {
	t.Helper()
	return parse(t, build(t, overlay))
}

// optional is the folder, from the overlays, of the production overlay with its optional components.
const optional = "../../../test/deploy/testdata/optional"

// build renders an overlay to text.
func build(t *testing.T, overlay string) []byte {
	t.Helper()
	return buildFolder(t, "../../deploy/k8s/overlays/"+overlay)
}

// buildFolder renders a folder with a kustomization.
func buildFolder(t *testing.T, folder string) []byte {
	t.Helper()
	if out, err := exec.Command("make", "-s", "-C", "../..", "bin/kustomize").CombinedOutput(); err != nil {
		t.Fatalf("building Kustomize: %v\n%s", err, out)
	}
	text, err := exec.Command("../../bin/kustomize", "build", folder).Output()
	if err != nil {
		t.Fatalf("rendering %s: %v", folder, err)
	}
	return text
}

func parse(t *testing.T, text []byte) []deploy.Object {
	t.Helper()
	all, err := deploy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryOverlayKeepsEveryRule(t *testing.T) {
	for overlay, pods := range map[string]int{"dev": 6, "prod": 6, "dev/migrate": 1, "prod/migrate": 1, optional: 6} {
		all, found := render(t, overlay), 0
		for _, o := range all {
			if o.Pod() != nil {
				found++
			}
		}
		if found != pods {
			t.Errorf("%s starts %d kinds of pod, want %d", overlay, found, pods)
		}
		for _, r := range deploy.FixedRules() {
			for _, broken := range r.Check(all) {
				t.Errorf("%s: %s: %s", overlay, r.Name, broken)
			}
		}
		for _, r := range deploy.Rules() {
			for _, broken := range r.Check(all) {
				t.Errorf("%s: %s: %s", overlay, r.Name, broken)
			}
		}
	}
}

// TestEveryRuleCanFail plants each rule's fault, and removes each fixed value: the rule must report
// it.
func TestEveryRuleCanFail(t *testing.T) {
	prod, migrate := build(t, "prod"), build(t, "prod/migrate")
	for _, r := range deploy.FixedRules() {
		for _, fault := range []any{r.Wrong, nil} {
			for _, text := range [][]byte{prod, migrate} {
				all := parse(t, text)
				for _, o := range all {
					if o.Pod() == nil {
						continue
					}
					prefix := "spec|template|spec|"
					if r.Container {
						prefix += "containers|0|"
					}
					o.Plant(fault, strings.Split(prefix+r.Path, "|")...)
					break
				}
				if len(r.Check(all)) == 0 {
					t.Errorf("%s: %v is not reported", r.Name, fault)
				}
			}
		}
	}
	for _, r := range deploy.Rules() {
		all, planted := parse(t, prod), false
		for _, o := range all {
			if o.Kind() == r.Kind && o.Name() == r.Object {
				o.Plant(r.Fault, strings.Split(r.Path, "|")...)
				planted = true
			}
		}
		if !planted || len(r.Check(all)) == 0 {
			t.Errorf("%s: the fault is not reported (planted: %t)", r.Name, planted)
		}
	}
}
