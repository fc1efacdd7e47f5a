// Package activity tests the request log and the audit trail from the outside: the output of the
// command line and the pages after real requests, floods and crashes.
package activity

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

var shared *fleet.Fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(fleet.Run(m, func(f *fleet.Fleet) { shared = f })) }

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
	Count     int64  `json:"count,string"`
	RequestID string `json:"request_id"`
	Overflow  bool   `json:"overflow"`
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
	RequestID string `json:"request_id"`
}

// before and after return the values of a field that the event changed.
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
