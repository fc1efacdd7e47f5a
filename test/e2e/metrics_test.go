package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// matches returns the distinct first groups of a pattern in a text, sorted.
func matches(pattern, text string) []string {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// documentedMetrics returns the metrics that docs/telemetry.md lists.
func documentedMetrics(t *testing.T) []string {
	t.Helper()
	return matches("(?m)^\\| `(usher_[a-z0-9_]+)`", expect.File(t, "docs", "telemetry.md"))
}

// TestMetricsAndTelemetryPageListTheSame: the processes expose exactly the metrics that
// docs/telemetry.md lists.
func TestMetricsAndTelemetryPageListTheSame(t *testing.T) {
	d := shared.Processes()
	_, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	var shown string
	for name, url := range d.AdminURLs() {
		req, err := http.NewRequest(http.MethodGet, url+"/metrics", nil)
		expect.NoError(t, err)
		text, status, err := harness.SendText(req)
		expect.NoError(t, err)
		expect.Equal(t, "status of "+name, status, http.StatusOK)
		shown += text
	}
	if diff := cmp.Diff(documentedMetrics(t), matches(`(?m)^# TYPE (usher_[a-z0-9_]+) `, shown)); diff != "" {
		t.Errorf("docs/telemetry.md (-) and /metrics (+):\n%s", diff)
	}
	for _, always := range []string{
		`usher_token_requests_total{grant_type="authorization_code",outcome="issued"}`, `usher_token_reuse_total{kind="refresh_token"}`,
		`usher_signins_total{method="browser",outcome="ok"}`, `usher_pool_connections_max{pool="redis"}`, `usher_pool_connections{pool="consent",state="idle"}`,
		`usher_ready 1`, `usher_introspection_lookups_total{from="memory"}`, `usher_client_authentications_total{from="authz"}`, `usher_password_computations{state="waiting"}`,
		`usher_logout_deliveries_total{outcome="delivered"}`,
	} {
		if !strings.Contains(shown, "\n"+always) {
			t.Errorf("no process exposes %s", always)
		}
	}
}

// TestAlertsAndDashboardQueryExistingMetrics, and docs/operations.md has a line for every alert.
func TestAlertsAndDashboardQueryExistingMetrics(t *testing.T) {
	documented, operations := documentedMetrics(t), expect.File(t, "docs", "operations.md")
	folder := []string{"deploy", "k8s", "components", "monitoring"}
	rules, dashboard := expect.File(t, append(folder, "prometheusrule.yaml")...), expect.File(t, append(folder, "dashboard.json")...)
	for _, queried := range matches(`\b(usher_[a-z0-9_]+)`, rules+dashboard) {
		base := strings.TrimSuffix(queried, "_bucket")
		if !slices.Contains(documented, queried) && !slices.Contains(documented, base) {
			t.Errorf("%s is queried, and no process exposes it", queried)
		}
	}
	alerts := matches(`alert: (\w+)`, rules)
	if len(alerts) < 10 {
		t.Errorf("there are %d alerts", len(alerts))
	}
	for _, alert := range alerts {
		if !strings.Contains(operations, "`"+alert+"`") {
			t.Errorf("docs/operations.md does not say what to do about %s", alert)
		}
	}
}

// TestARequestIDIsInTheLogOfEveryProcess: the incident id of a user API error is in the log of
// every process that handled the request, together with the trace id.
func TestARequestIDIsInTheLogOfEveryProcess(t *testing.T) {
	d := shared.Processes()
	a := expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/authenticate", "", `{"emailAddress":"john.doe@gmail.com","password":"not-his-password"}`)
	var body struct {
		IncidentID string `json:"incidentId"`
	}
	expect.NoError(t, json.Unmarshal([]byte(a.Raw), &body))
	if body.IncidentID == "" {
		t.Fatalf("the response has no incident id: %d %s", a.Status, a.Raw)
	}
	log, err := d.Log()
	expect.NoError(t, err)
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
			t.Errorf("a line of a traced request has no span id: %s", line)
		}
	}
	for _, line := range []string{" request", " a user API request failed", "token call", "identity call"} {
		if !services[line] {
			t.Errorf("no line %q has the incident's id, only %v", line, services)
		}
	}
	if len(traces) != 1 {
		t.Errorf("the lines have %d trace ids", len(traces))
	}
}
