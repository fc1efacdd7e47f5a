package message

import (
	"slices"
	"testing"
)

// TestATextInPartsIsTheFormattedOne, for each text of each language that has parts.
func TestATextInPartsIsTheFormattedOne(t *testing.T) {
	args := []any{"first & 100 %s", "second", "third", "fourth"}
	for _, p := range LoadWithPseudo().Printers() {
		if len(p.parts) == 0 {
			t.Errorf("%s: no text has parts", p.Tag())
		}
		for key, parts := range p.parts {
			most := slices.MaxFunc(parts, func(a, b part) int { return a.argument - b.argument }).argument + 1
			if got, want := p.Format(key, args[:most]...), p.printer.Sprintf(key, args[:most]...); got != want {
				t.Errorf("%s: %q is %q, want %q", p.Tag(), key, got, want)
			}
		}
	}
	for text, want := range map[string]bool{"%s of %s": true, "%[2]s of %[1]s": true, "%d of %s": false, "100 %% of %s": false, "%[2]s of %s": false, "%[0]s": false} {
		if got := split(text) != nil; got != want {
			t.Errorf("%q has parts: %v, want %v", text, got, want)
		}
	}
}
