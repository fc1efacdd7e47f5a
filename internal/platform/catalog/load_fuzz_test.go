package catalog

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse: any file is either refused with a reason or a valid catalog.
func FuzzParse(f *testing.F) {
	f.Add(defaultYAML)
	f.Add("")
	f.Add("scopes: &a [*a]")
	f.Add("{scopes: [{name: a, description: b}], endpoints: [{endpoint: GET /a, scope: a}], plans: [{name: p, endpoints: all}]}")
	f.Fuzz(func(t *testing.T, file string) {
		c, err := parse([]byte(file))
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("a foreign error: %v", err)
			}
			return
		}
		for _, e := range c.Endpoints() {
			if !c.Known(e.Scope) || !strings.HasPrefix(e.Path, "/") {
				t.Errorf("endpoint %q with scope %q", e, e.Scope)
			}
		}
		for _, p := range c.Plans() {
			if len(p.Endpoints) == 0 || !c.KnownPlan(p.Name) {
				t.Errorf("plan %q has nothing", p.Name)
			}
		}
		if len(c.Scopes()) == 0 || len(c.Digest()) != 64 {
			t.Error("a catalog of nothing")
		}
	})
}
