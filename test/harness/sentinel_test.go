package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestHeldFindsWhateverATextHolds: what the tests look for in logs and traces is nothing, so the looking must be known to see.
func TestHeldFindsWhateverATextHolds(t *testing.T) {
	secrets := map[string]string{}
	for i := range 1000 {
		secrets[fmt.Sprintf("vdo_oat_beginning-alike-%08d", i)] = "access token" // ends differ in few bytes
		secrets[fmt.Sprintf("%08d-ends-all-alike", i)] = "code"
	}
	first, middle, last := "vdo_oat_beginning-alike-00000000", "00000500-ends-all-alike", "vdo_oat_beginning-alike-00000999"
	text := first + strings.Repeat(" a line with vdo_oat_beginning-alike- and 0000500-ends-all-alik in it\n", 100) + middle + "é" + last
	found := held(text, secrets)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, []string{middle, first, last}) {
		t.Errorf("found %v", got)
	}
	for value, at := range found {
		if !strings.HasPrefix(text[at:], value) {
			t.Errorf("%s is not at %d", value, at)
		}
	}
	for _, short := range []string{"", "secret"} {
		if found := held(short, secrets); len(found) != 0 {
			t.Errorf("%q holds %v", short, found)
		}
	}
}
