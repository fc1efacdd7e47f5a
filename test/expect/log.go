package expect

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// Cause checks that the gateway logged a refused request with its cause and its client, at the
// level of the development profile. The header is the response's.
func Cause(t *testing.T, d *harness.Deployment, h http.Header, cause, clientID string) {
	t.Helper()
	line := LogLine(t, d, h.Get("Usher-Request-Id"), "request refused")
	if Member(line, "cause") != cause || Member(line, "client_id") != clientID || Member(line, "level") != "INFO" {
		t.Errorf("the line has cause %q and client %q, want %s and %q: %s", Member(line, "cause"), Member(line, "client_id"), cause, clientID, line)
	}
}

// LogLine returns the only line of a deployment's log that has a text and a request's id.
func LogLine(t *testing.T, d *harness.Deployment, id, text string) string {
	t.Helper()
	if id == "" {
		t.Fatal("the response has no Usher-Request-Id")
	}
	var found []string
	Eventually(t, "a line "+text, func() bool {
		log, err := d.Log()
		NoError(t, err)
		found = nil
		for line := range strings.Lines(log) {
			if strings.Contains(line, id) && strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				found = append(found, line)
			}
		}
		return len(found) > 0
	})
	if len(found) > 1 {
		t.Errorf("%d lines %s", len(found), text)
	}
	return found[0]
}

// Member returns a member of a log line in either format.
func Member(line, name string) string {
	m := regexp.MustCompile(`\b` + name + `"?[=:]"?([^",\s]*)`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return m[1]
}
