package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// block is a block of code of a page: a command, and the JSON that it prints; empty where the page
// does not show it.
type block struct{ command, prints string }

// blocksOf returns the commands of a page.
func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page + ".md")
	expect.NoError(t, err)
	var blocks []block
	for _, found := range regexp.MustCompile("(?s)```(sh|json)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if found[1] == "sh" {
			blocks = append(blocks, block{command: found[2]})
		} else {
			blocks[len(blocks)-1].prints = found[2]
		}
	}
	return blocks
}

// TestDocs_EveryExampleOfThePagesRuns runs the commands of the pages for authors of clients as they
// are printed, in their order, and compares what they print.
func TestDocs_EveryExampleOfThePagesRuns(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for page, least := range map[string]int{"quick-start": 5, "authorization": 1, "tokens": 5, "revocation": 3, "scopes": 1} {
			blocks := blocksOf(t, page)
			if len(blocks) < least {
				t.Errorf("%s has %d commands", page, len(blocks))
			}
			reader := newReader(t, d, b)
			for _, one := range blocks {
				reader.follow(t, page, one)
			}
		}
	})
}

// reader has the values that a reader of a page puts into its commands.
type reader struct {
	d      *harness.Deployment
	values map[string]string
}

func newReader(t *testing.T, d *harness.Deployment, b *harness.Browser) *reader {
	t.Helper()
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	other, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	return &reader{d, map[string]string{
		"AUTH_CODE": code, "ACCESS_TOKEN": tokens.Access, "REFRESH_TOKEN": tokens.Refresh, "OTHER_ACCESS_TOKEN": other.Access,
	}}
}

func (r *reader) follow(t *testing.T, page string, b block) {
	t.Helper()
	const development = "http://localhost:8080"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(b.command, development, r.d.PublicURL))
	cmd.Env = os.Environ()
	for name, value := range r.values {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", page, err, b.command, out)
	}
	var printed map[string]any
	if len(out) > 0 && json.Unmarshal(out, &printed) != nil {
		t.Errorf("%s: no JSON is printed by\n%s\n%s", page, b.command, out)
	}
	for name, member := range map[string]string{"ACCESS_TOKEN": "access_token", "REFRESH_TOKEN": "refresh_token"} {
		if token, ok := printed[member].(string); ok {
			r.values[name] = token
		}
	}
	if b.prints == "" {
		return
	}
	var shown map[string]any
	expect.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(b.prints, development, r.d.PublicURL)), &shown))
	if problem := differs(shown, printed); problem != "" {
		t.Errorf("%s: %s\n%s\n%s", page, problem, b.command, out)
	}
}

// differs compares what a page shows with what was printed. A text of the page may end in an
// ellipsis, and times may be any.
func differs(shown, printed map[string]any) string {
	if len(shown) != len(printed) {
		return fmt.Sprintf("the page shows %d members", len(shown))
	}
	for name, want := range shown {
		got := printed[name]
		if begin, cut := strings.CutSuffix(fmt.Sprint(want), "…"); cut && strings.HasPrefix(fmt.Sprint(got), begin) {
			continue
		}
		if _, number := got.(float64); number && (name == "exp" || name == "iat") {
			continue
		}
		if fmt.Sprint(want) != fmt.Sprint(got) {
			return fmt.Sprintf("the page shows %s %v", name, want)
		}
	}
	return ""
}
