package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// logWithin is a deadline that only a hang reaches. test/activity measures how soon a refused request is
// in the log.
const logWithin = time.Minute

// wantLogged requires a request in the log that its client's author reads, with its cause and its id.
// A client that does not exist has no name there.
func wantLogged(t *testing.T, d *harness.Deployment, endpoint, cause, clientID, requestID string) {
	t.Helper()
	args := []string{"requests", "--request", requestID, "--refused", "--output", "json"}
	if clientID != "" {
		args = append(args, clientID)
	}
	var out string
	for sent := time.Now(); ; {
		var err error
		asked := time.Now()
		out, err = d.Operate(t.Context(), shared.Bins, args...)
		expect.NoError(t, err)
		var list struct {
			Requests []struct {
				Kind struct {
					Endpoint string `json:"endpoint"`
					Cause    string `json:"cause"`
					ClientID string `json:"client_id"`
				} `json:"kind"`
			} `json:"requests"`
		}
		expect.NoError(t, json.Unmarshal([]byte(out), &list))
		if len(list.Requests) == 1 {
			if k := list.Requests[0].Kind; k.Endpoint != endpoint || k.Cause != "CAUSE_"+strings.ToUpper(cause) || k.ClientID != clientID {
				t.Errorf("the log has %+v, want %s at %s of %q", k, cause, endpoint, clientID)
			}
			return
		}
		if asked.Sub(sent) > logWithin {
			t.Fatalf("after %s the log has no request %s of %s: %s", logWithin, requestID, cause, out)
		}
	}
}
