// Package activity tests the request log and the audit trail from the outside: the output of the
// command line and the pages after real requests, floods and crashes.
package activity

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run starts the fleet with a second protected resource, and a limit of people that two users reach.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-activity-")
	if err != nil {
		panic(err) // it is a temporary folder of our own
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	catalog, err := os.ReadFile(filepath.Join("..", "..", "internal", "platform", "catalog", "default.yaml"))
	if err != nil {
		panic(err) // it is in this repository
	}
	file := filepath.Join(dir, "catalog.yaml")
	if err := os.WriteFile(file, append(catalog, resources...), 0o600); err != nil {
		panic(err)
	}
	return fleet.RunWith(m, map[string]string{
		"USHER_CATALOG_FILE": file, "USHER_AUTHZ_UNVERIFIED_PEOPLE": "1", "USHER_TOKEN_GRANT_LIMIT": strconv.Itoa(grantLimit),
	}, func(f *fleet.Fleet) { shared = f })
}

// otherResource is a protected resource beside the API of the gateway.
const otherResource = "https://mcp.example.com/mcp"

const resources = `
resources:
  - {id: /v1, name: Video API, scopes_minimum: ["videos:read"]}
  - {id: "` + otherResource + `", name: Video MCP, scopes: ["videos:read", "jobs:read"], scopes_minimum: ["videos:read"]}
`

// request is a row of `usher requests --output json`.
type request struct {
	Kind struct {
		Endpoint string            `json:"endpoint"`
		ClientID string            `json:"client_id"`
		Cause    string            `json:"cause"`
		Error    string            `json:"error"`
		Status   int               `json:"status"`
		Got      map[string]string `json:"got"`
		Expected map[string]string `json:"expected"`
	} `json:"kind"`
	Count     int64     `json:"count,string"`
	FirstTime time.Time `json:"first_time"`
	RequestID string    `json:"request_id"`
	Overflow  bool      `json:"overflow"`
}

// event is a row of `usher audit --output json`.
type event struct {
	Kind  string `json:"kind"`
	Actor struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	} `json:"actor"`
	UserID      string `json:"user_id"`
	WorkspaceID string `json:"workspace_id"`
	ClientID    string `json:"client_id"`
	ObjectID    string `json:"object_id"`
	Changes     []struct {
		Field  string `json:"field"`
		Before string `json:"before"`
		After  string `json:"after"`
	} `json:"changes"`
	Details   map[string]string `json:"details"`
	RequestID string            `json:"request_id"`
}

// change returns the values, before and after, of a field that the event changed.
func (e event) change(field string) (before, after string) {
	for _, c := range e.Changes {
		if c.Field == field {
			return c.Before, c.After
		}
	}
	return "", ""
}

// operate runs `usher` and returns its output.
func operate(t *testing.T, d *harness.Deployment, args ...string) string {
	t.Helper()
	out, err := d.Operate(t.Context(), shared.Bins, args...)
	expect.NoError(t, err)
	return out
}

// all lists every page of a list of the command line, in small pages, and returns it with its text.
func all[T any](t *testing.T, d *harness.Deployment, member string, args ...string) (list []T, text string) {
	t.Helper()
	for cursor := ""; ; {
		more := append([]string{args[0], "--output", "json", "--limit", "400", "--cursor", cursor}, args[1:]...)
		if cursor == "" {
			more = append([]string{args[0], "--output", "json", "--limit", "400"}, args[1:]...)
		}
		out := operate(t, d, more...)
		text += out
		var page map[string]json.RawMessage
		expect.NoError(t, json.Unmarshal([]byte(out), &page))
		var rows []T
		expect.NoError(t, json.Unmarshal(page[member], &rows))
		list = append(list, rows...)
		expect.NoError(t, json.Unmarshal(page["next_page_token"], &cursor))
		if cursor == "" {
			return list, text
		}
	}
}

func requests(t *testing.T, d *harness.Deployment, args ...string) []request {
	t.Helper()
	list, _ := all[request](t, d, "requests", append([]string{"requests"}, args...)...)
	return list
}

func events(t *testing.T, d *harness.Deployment, args ...string) []event {
	t.Helper()
	list, _ := all[event](t, d, "events", append([]string{"audit"}, args...)...)
	return list
}
