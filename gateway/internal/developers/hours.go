package developers

import (
	"context"
	"net/http"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
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

// recent are the latest requests of a client in the log, the newest first.
type recent struct {
	rows []*activityv1.LoggedRequest
	// more says that the log has older ones.
	more bool
}

// recentBeside reads the latest requests of the client while the page reads what else it needs. The caller
// calls leave, as it does that of browser.Meanwhile.
func (c Console) recentBeside(v visit) (wait func() *recent, leave func()) {
	return browser.Meanwhile(c.Flow, v.r, func(r *http.Request) *recent {
		v.r = r
		return c.recent(v)
	})
}

// recent reads the latest requests of the client; nil while the log cannot be read.
func (c Console) recent(v visit) *recent {
	if c.Log == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), logTimeout)
	defer cancel()
	res, err := c.Log.ListRequests(ctx, &activityv1.ListRequestsRequest{SessionToken: c.session(v.r), ClientId: v.id(), PageSize: chartRows})
	if err != nil {
		return nil
	}
	return &recent{rows: res.GetRequests(), more: res.GetNextPageToken() != ""}
}

// chart returns the requests of the client in the hours of the last day; nil where there were none, and
// where latest is nil.
func (c Console) chart(v visit, latest *recent) *page.HourChart {
	if latest == nil {
		return nil
	}
	chart := page.HourChart{Hours: make([]page.Hour, chartHours)}
	first := c.Flow.Time().Truncate(time.Hour).Add(-(chartHours - 1) * time.Hour)
	for i := range chart.Hours {
		chart.Hours[i].From = first.Add(time.Duration(i) * time.Hour).In(v.in)
	}
	more := latest.more
	for _, one := range latest.rows {
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

// total returns how many requests there were after a time, granted or refused; more says that there were others.
func (r *recent) total(since time.Time) (count int64, more bool) {
	for _, one := range r.rows {
		switch {
		case !one.GetLastTime().AsTime().After(since):
			return count, more // the newest are the first
		case one.GetOverflow() && one.GetFirstTime().AsTime().Before(since): // of a whole day
			more = true
		default:
			count += one.GetCount()
		}
	}
	return count, more || r.more
}

// causes returns how many requests to an endpoint, or to any, were refused for each cause since a time; nil
// where not all of them are among the recent ones.
func (r *recent) causes(endpoint string, since time.Time) map[errorv1.Cause]int64 {
	if r == nil {
		return nil
	}
	counts := map[errorv1.Cause]int64{}
	for _, one := range r.rows {
		switch k := one.GetKind(); {
		case one.GetLastTime().AsTime().Before(since):
			return counts // the newest are the first
		case one.GetOverflow() && one.GetFirstTime().AsTime().Before(since): // of a whole day
			return nil
		case k.GetCause() != errorv1.Cause_CAUSE_UNSPECIFIED && k.GetStatus() >= 300 && (endpoint == "" || k.GetEndpoint() == endpoint):
			counts[k.GetCause()] += one.GetCount()
		}
	}
	if r.more {
		return nil
	}
	return counts
}
