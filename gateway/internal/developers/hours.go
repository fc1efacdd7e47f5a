package developers

import (
	"context"
	"net/url"
	"time"

	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

const (
	// chartRows is how many rows of the log are read for the chart: as many as the service has of a client in
	// a day; the chart concerns two, and says where there are more.
	chartRows = 1000
	// chartHours is how many hours the chart shows.
	chartHours = 24
)

// hours returns the requests of the client in the hours of the last day; nil where there were none, and
// while the log cannot be read.
func (c Console) hours(v visit) *page.HourChart {
	if c.Log == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), logTimeout)
	defer cancel()
	res, err := c.Log.ListRequests(ctx, &activityv1.ListRequestsRequest{SessionToken: c.session(v.r), ClientId: v.id(), PageSize: chartRows})
	if err != nil {
		return nil
	}
	chart := page.HourChart{Hours: make([]page.Hour, chartHours)}
	first := c.Flow.Time().Truncate(time.Hour).Add(-(chartHours - 1) * time.Hour)
	for i := range chart.Hours {
		chart.Hours[i].From = first.Add(time.Duration(i) * time.Hour).In(v.in)
	}
	more := res.GetNextPageToken() != ""
	for _, one := range res.GetRequests() {
		last := one.GetLastTime().AsTime()
		if last.Before(first) {
			more = false // the newest are the first
			break
		}
		i := min(int(last.Sub(first)/time.Hour), chartHours-1)
		switch kind := one.GetKind(); {
		case one.GetOverflow(): // of a whole day
			chart.Partial = true
		case kind.GetCause() != errorv1.Cause_CAUSE_UNSPECIFIED || kind.GetStatus() >= 400:
			chart.Hours[i].Refused += one.GetCount()
		default:
			chart.Hours[i].Granted += one.GetCount()
		}
	}
	chart.Partial = chart.Partial || more
	if chart.Granted()+chart.Refused() == 0 {
		return nil
	}
	return &chart
}

// span is a choice of the filter by time.
type span struct {
	value, text string
	long        time.Duration
}

// spans are the choices; the log has nothing that is older than the first one.
func spans() []span {
	return []span{{"", "Last 7 days", 0}, {"24h", "Last 24 hours", 24 * time.Hour}, {"1h", "Last hour", time.Hour}}
}

// since returns the time at which the chosen span begins; zero for all.
func (c Console) since(query url.Values) time.Time {
	for _, s := range spans() {
		if s.long > 0 && s.value == query.Get("since") {
			return c.Flow.Time().Add(-s.long)
		}
	}
	return time.Time{}
}

// notBefore drops the rows of a page of the log, the newest first, that are older than since.
func notBefore(res *activityv1.ListRequestsResponse, since time.Time) {
	for i, one := range res.GetRequests() {
		if one.GetLastTime().AsTime().Before(since) {
			res.Requests, res.NextPageToken = res.GetRequests()[:i], ""
			return
		}
	}
}

// spanFilter returns the selection of a span.
func spanFilter(query url.Values) page.Filter {
	filter := page.Filter{Name: "since", Label: "When"}
	for _, s := range spans() {
		filter.Options = append(filter.Options, page.FilterOption{Value: s.value, Text: s.text, Chosen: s.value == query.Get("since")})
	}
	return filter
}
