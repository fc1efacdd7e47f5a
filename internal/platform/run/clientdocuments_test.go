package run_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/run"
)

// TestN5_1_TheSettingsOfThePageAreAccepted: docs/client-documents.md.
func TestN5_1_TheSettingsOfThePageAreAccepted(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/client-documents.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	file := filepath.Join(t.TempDir(), "usher.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil || !found {
		t.Fatalf("the page has no settings, %v", err)
	}
	settings := run.Default()
	if _, err := run.Read(&settings, file, nil); err != nil {
		t.Fatal(err)
	}
	if err := settings.Validate(); err != nil || !settings.ClientDocuments.On() || len(settings.ClientDocuments.Hosts) != 5 {
		t.Errorf("%+v, %v", settings.ClientDocuments, err)
	}
}

func TestN5_1_TheModesOfClientDocuments(t *testing.T) {
	if c := run.Default().ClientDocuments; c.Mode != run.DocumentsAllowlist || !slices.Equal(c.Hosts, []string{"claude.ai", "chatgpt.com", "vscode.dev"}) || !c.On() {
		t.Errorf("the default is %+v", c)
	}
	for _, row := range []struct {
		documents run.ClientDocuments
		valid, on bool
	}{
		{run.ClientDocuments{Mode: "off", Hosts: []string{"a.example"}}, true, false},
		{run.ClientDocuments{Mode: "allowlist"}, true, false},
		{run.ClientDocuments{Mode: "open"}, true, true},
		{run.ClientDocuments{Mode: "allowlist", Hosts: []string{"a.example:8443"}}, true, true},
		{run.ClientDocuments{Mode: "on"}, false, false},
		{run.ClientDocuments{Mode: "open", Hosts: []string{"https://a.example"}}, false, true},
		{run.ClientDocuments{Mode: "open", Hosts: []string{"*.example"}}, false, true},
		{run.ClientDocuments{Mode: "open", Hosts: []string{"A.example"}}, false, true},
		{run.ClientDocuments{Mode: "open", Hosts: []string{"a.example/c"}}, false, true},
		{run.ClientDocuments{Mode: "open", Hosts: []string{""}}, false, true},
	} {
		settings := run.Default()
		settings.ClientDocuments = row.documents
		if err := settings.Validate(); (err == nil) != row.valid || row.documents.On() != row.on {
			t.Errorf("%+v: valid %v, on %v", row.documents, err, row.documents.On())
		}
	}
}
