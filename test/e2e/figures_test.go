package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/harness"
)

// read reads a file of the repository.
func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	must(t, err)
	return string(b)
}

// names finds our figures in a text.
func names(pattern, text string) []string {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// documented are the figures of docs/telemetry.md.
func documented(t *testing.T) []string {
	t.Helper()
	return names("(?m)^\\| `(usher_[a-z0-9_]+)`", read(t, "docs", "telemetry.md"))
}

// TestEveryFigureIsDocumentedAndThere: what the processes show is what docs/telemetry.md lists, no more and no less.
func TestEveryFigureIsDocumentedAndThere(t *testing.T) {
	d := five(t)
	_, err := d.Issue(d.NewBrowser(), harness.Request{})
	must(t, err)
	var shown string
	for name, url := range d.AdminURLs() {
		req, err := http.NewRequest(http.MethodGet, url+"/metrics", nil)
		must(t, err)
		text, status, err := harness.SendText(req)
		must(t, err)
		want(t, "status of "+name, status, http.StatusOK)
		shown += text
	}
	if diff := cmp.Diff(documented(t), names(`(?m)^# TYPE (usher_[a-z0-9_]+) `, shown)); diff != "" {
		t.Errorf("docs/telemetry.md (-) and /metrics (+):\n%s", diff)
	}
	for _, always := range []string{
		`usher_token_requests_total{grant_type="authorization_code",outcome="issued"}`, `usher_token_reuse_total{kind="refresh_token"}`,
		`usher_signins_total{method="browser",outcome="ok"}`, `usher_pool_connections_max{pool="redis"}`, `usher_pool_connections{pool="consent",state="idle"}`,
		`usher_ready 1`, `usher_introspection_lookups_total{from="memory"}`, `usher_password_computations{state="waiting"}`,
	} {
		if !strings.Contains(shown, "\n"+always) {
			t.Errorf("nobody shows %s", always)
		}
	}
}

// TestAlertsAndDashboardAskForWhatThereIs, and every alert has a line that says what to do.
func TestAlertsAndDashboardAskForWhatThereIs(t *testing.T) {
	known, operations := documented(t), read(t, "docs", "operations.md")
	folder := []string{"deploy", "k8s", "components", "monitoring"}
	rules, dashboard := read(t, append(folder, "prometheusrule.yaml")...), read(t, append(folder, "dashboard.json")...)
	for _, asked := range names(`\b(usher_[a-z0-9_]+)`, rules+dashboard) {
		base := strings.TrimSuffix(asked, "_bucket")
		if !slices.Contains(known, asked) && !slices.Contains(known, base) {
			t.Errorf("%s is asked for, and nobody shows it", asked)
		}
	}
	alerts := names(`alert: (\w+)`, rules)
	if len(alerts) < 10 {
		t.Errorf("there are %d alerts", len(alerts))
	}
	for _, alert := range alerts {
		if !strings.Contains(operations, "`"+alert+"`") {
			t.Errorf("docs/operations.md does not say what to do about %s", alert)
		}
	}
}

// TestAnIncidentIsFoundInEveryLog: the id that a caller of the user API was given stands in the lines of each process that the
// request came through, with the trace's.
func TestAnIncidentIsFoundInEveryLog(t *testing.T) {
	d := five(t)
	a := callUsers(t, d, http.MethodPost, "/api/v1/user/authenticate", "", `{"emailAddress":"john.doe@gmail.com","password":"not-his-password"}`)
	var body struct {
		IncidentID string `json:"incidentId"`
	}
	must(t, json.Unmarshal([]byte(a.raw), &body))
	if body.IncidentID == "" {
		t.Fatalf("the answer has no incident: %d %s", a.status, a.raw)
	}
	log, err := d.Log()
	must(t, err)
	services, traces := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(log) {
		var l struct {
			Msg       string `json:"msg"`
			Service   string `json:"service"`
			RequestID string `json:"request_id"`
			TraceID   string `json:"trace_id"`
			SpanID    string `json:"span_id"`
		}
		if json.Unmarshal([]byte(line), &l) != nil || l.RequestID != body.IncidentID {
			continue
		}
		services[l.Service+" "+l.Msg], traces[l.TraceID] = true, true
		if l.SpanID == "" {
			t.Errorf("a line of a traced request names no span: %s", line)
		}
	}
	for _, line := range []string{" request", " a user API request failed", "token call", "identity call"} {
		if !services[line] {
			t.Errorf("no line %q has the incident's id, only %v", line, services)
		}
	}
	if len(traces) != 1 {
		t.Errorf("the lines name %d traces", len(traces))
	}
}
