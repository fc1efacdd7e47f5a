package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	"github.com/vidocu/usher/test/harness"
)

// maxRows is the most rows that a client may have in a day.
const maxRows = 1000

// reportLog checks the rows that the flood has left: all of its requests are counted, in no more rows
// than a client may have, and none has the sentinel.
func (m *measurement) reportLog(ctx context.Context) error {
	rows, counted, dropped, err := m.countAll(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d requests were recorded in %d rows, and %d were dropped; %d more were sent to the gateway that records none.\n",
		counted, rows, dropped, m.off.sent)
	var errs []error
	if rows > maxRows {
		errs = append(errs, fmt.Errorf("the client has %d rows, and at most %d are wanted", rows, maxRows))
	}
	if sent := m.on.sent; counted+dropped != sent {
		errs = append(errs, fmt.Errorf("%d requests are in the log and %d were dropped, of %d", counted, dropped, sent))
	}
	stored, err := m.d.Stored(ctx, "activity")
	if err != nil {
		return err
	}
	if !strings.Contains(stored, refusedAddress) {
		errs = append(errs, errors.New("the log has no address of a request: the search for the sentinel proves nothing"))
	}
	if part := m.sentinel[:len(m.sentinel)/2]; strings.Contains(stored, part) {
		errs = append(errs, errors.New("the sentinel is in what the activity service stores"))
	}
	return errors.Join(errs...)
}

// arrival is how long the last requests may take to the log.
const arrival = time.Minute

// countAll returns the rows of the client, the requests that they count, and those that were dropped, when
// all have arrived or do not.
func (m *measurement) countAll(ctx context.Context) (rows int, counted, dropped int64, err error) {
	conn, err := m.d.Dial("operator", "activity")
	if err != nil {
		return 0, 0, 0, err
	}
	defer conn.Close() //nolint:errcheck // it was only read
	requests := activityv1.NewRequestLogServiceClient(conn)
	for deadline := time.Now().Add(arrival); ; time.Sleep(time.Second) {
		if rows, counted, err = m.count(ctx, requests); err != nil {
			return 0, 0, 0, err
		}
		if dropped, err = m.dropped(ctx); err != nil {
			return 0, 0, 0, err
		}
		if counted+dropped >= m.on.sent || time.Now().After(deadline) {
			return rows, counted, dropped, nil
		}
	}
}

// count returns the rows of the client and the requests that they count.
func (m *measurement) count(ctx context.Context, requests activityv1.RequestLogServiceClient) (rows int, counted int64, err error) {
	for token := ""; ; {
		page, err := requests.ListRequests(ctx, &activityv1.ListRequestsRequest{ClientId: harness.PublicID, PageToken: token})
		if err != nil {
			return 0, 0, err
		}
		for _, r := range page.GetRequests() {
			rows, counted = rows+1, counted+r.GetCount()
		}
		if token = page.GetNextPageToken(); token == "" {
			return rows, counted, nil
		}
	}
}

// dropped returns how many requests the gateway did not hand over.
func (m *measurement) dropped(ctx context.Context) (n int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.d.AdminURL+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	text, _, err := harness.SendText(req)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if _, err := fmt.Sscanf(line, "usher_request_log_dropped_total %d", &n); err == nil {
			return n, nil
		}
	}
	return 0, nil
}
