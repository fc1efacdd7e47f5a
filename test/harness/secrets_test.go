package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestFindSecretsFindsEverySecretInAText: the suites expect findSecrets to find nothing in logs and
// traces, so this test shows that it finds what is there.
func TestFindSecretsFindsEverySecretInAText(t *testing.T) {
	secrets := map[string]string{}
	for i := range 1000 {
		secrets[fmt.Sprintf("vdo_oat_beginning-alike-%08d", i)] = "access token" // the last bytes differ
		secrets[fmt.Sprintf("%08d-ends-all-alike", i)] = "code"
	}
	first, middle, last := "vdo_oat_beginning-alike-00000000", "00000500-ends-all-alike", "vdo_oat_beginning-alike-00000999"
	text := first + strings.Repeat(" a line with vdo_oat_beginning-alike- and 0000500-ends-all-alik in it\n", 100) + middle + "é" + last
	found := findSecrets(text, secrets)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, []string{middle, first, last}) {
		t.Errorf("found %v", got)
	}
	for value, at := range found {
		if !strings.HasPrefix(text[at:], value) {
			t.Errorf("%s is not at %d", value, at)
		}
	}
	for _, short := range []string{"", "secret"} {
		if found := findSecrets(short, secrets); len(found) != 0 {
			t.Errorf("%q holds %v", short, found)
		}
	}
}
