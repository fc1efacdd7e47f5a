package developers

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// RequestLog reads the log of requests.
type RequestLog = activityv1.RequestLogServiceClient

const (
	// readRequests is how many rows of the log are read for a count.
	readRequests = 500
	// shownRequests is how many rows the page of the log shows.
	shownRequests = 25
	// logTimeout is how long a page waits for the log: it is shown without.
	logTimeout = time.Second
)

// day is what was refused in the last 24 hours: the service counts equal requests by the hour.
type day struct {
	refused int64
	// more says that there were more: the log has more rows than are read, or one that counts the rest of
	// a whole day.
	more bool
	// by is how often each cause was.
	by map[errorv1.Cause]int64
}

// dayAgo returns the time from which on the requests of the last 24 hours are.
func (c Console) dayAgo() time.Time { return c.Flow.Time().Add(-24 * time.Hour) }

// day returns what was refused of a client in the last 24 hours; false while the log cannot be read.
func (c Console) day(v visit) (day, bool) {
	if c.Log == nil {
		return day{}, false
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), logTimeout)
	defer cancel()
	res, err := c.Log.ListRequests(ctx, &activityv1.ListRequestsRequest{
		SessionToken: c.session(v.r), ClientId: v.id(), RefusedOnly: true, PageSize: readRequests,
	})
	if err != nil {
		return day{}, false
	}
	d, since := day{by: map[errorv1.Cause]int64{}}, c.dayAgo()
	for _, one := range res.GetRequests() {
		switch {
		case !one.GetLastTime().AsTime().After(since):
			return d, true // the newest are the first
		case one.GetOverflow() && one.GetFirstTime().AsTime().Before(since):
			d.more = true
			continue
		}
		d.refused += one.GetCount()
		d.by[one.GetKind().GetCause()] += one.GetCount()
	}
	d.more = d.more || res.GetNextPageToken() != ""
	return d, true
}

// facts returns how many requests there were, which is known where latest is not nil, and how many of them were
// refused.
func (d day) facts(latest *recent, since time.Time) []page.Fact {
	refused := d.fact()
	if latest == nil {
		return []page.Fact{refused}
	}
	count, more := latest.total(since)
	all := page.Fact{Label: "Answered in 24 hours", Text: strconv.FormatInt(count, 10)}
	if more {
		all.Label = "Answered in 24 hours, at least"
	} else if count > 0 && !d.more {
		refused.Share = float64(d.refused) / float64(count)
	}
	return []page.Fact{all, refused}
}

// fact returns how many requests were refused.
func (d day) fact() page.Fact {
	label := "Refused in 24 hours"
	if d.more {
		label = "Refused in 24 hours, at least"
	}
	return page.Fact{Label: label, Text: strconv.FormatInt(d.refused, 10)}
}

// fewRefusals is the number of refusals below which none is the main cause of anything.
const fewRefusals = 5

// cause returns the cause of most refusals; nil for none.
func (d day) cause(base string) *page.MainCause {
	for cause, count := range d.by {
		if cause == errorv1.Cause_CAUSE_UNSPECIFIED || d.refused < fewRefusals || count*2 <= d.refused {
			continue
		}
		told := explain(cause)
		return &page.MainCause{
			Count: count, Refused: d.refused, More: d.more, What: told.what, English: told.english,
			Address: base + "/requests?cause=" + oerr.CauseLabel(cause),
		}
	}
	return nil
}

// requestsJSON serves the log as JSON.
func (c Console) requestsJSON(v visit) {
	res, err := c.listRequests(v)
	if oerr.Reason(err) == errorv1.Reason_REASON_INVALID_REQUEST {
		writeInvalid(v.w, err)
		return
	}
	if err != nil {
		c.showError(v.w, v.r, oerr.UnlessImplemented(err))
		return
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(res)
	if err != nil {
		panic(err) // the message came from a service
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(text) //nolint:gosec // JSON, which no browser runs; it fails only where the client has disconnected
}

// writeInvalid responds 400 to an address that asks for no page of the log, such as one of another list.
func writeInvalid(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusBadRequest)
	failure := map[string]string{"code": "invalid_request", "message": oerr.Message(err), "field": oerr.Field(err)}
	_ = json.NewEncoder(w).Encode(map[string]any{"error": failure}) // fails only where the client has disconnected
}

// listRequests reads the page of the log that the address asks for.
func (c Console) listRequests(v visit) (*activityv1.ListRequestsResponse, error) {
	if c.Log == nil {
		return nil, oerr.Unavailable(nil)
	}
	query := v.r.URL.Query()
	ctx, cancel := context.WithTimeout(v.r.Context(), logTimeout)
	defer cancel()
	ask := &activityv1.ListRequestsRequest{
		SessionToken: c.session(v.r), ClientId: v.id(), PageSize: shownRequests,
		Endpoint: query.Get("endpoint"), RequestId: query.Get("request_id"), PageToken: query.Get("page"),
	}
	if wantsGranted(query) {
		ask.GrantedOnly = true
	} else {
		ask.RefusedOnly, ask.WithTolerated, ask.Cause = true, true, query.Get("cause")
	}
	res, err := c.Log.ListRequests(ctx, ask)
	if err == nil {
		notBefore(res, c.since(query))
	}
	return res, err
}
