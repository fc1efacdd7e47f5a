package developers

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// filters returns the selections of the outcome and of a time, and of endpoints and causes with those that are
// on the page or among the recent requests.
func (c Console) filters(query url.Values, rows []*activityv1.LoggedRequest, latest *recent) []page.Filter {
	list := []page.Filter{outcomeFilter(query), spanFilter(query), endpointFilter(query, rows)}
	if wantsGranted(query) {
		return list
	}
	return append(list, c.causeFilter(query, rows, latest))
}

// outcomeGranted is the choice of the filter by outcome that lists the granted requests.
const outcomeGranted = "granted"

// wantsGranted reports whether an address asks for the granted requests, and not for the refused ones.
func wantsGranted(query url.Values) bool { return query.Get("outcome") == outcomeGranted }

// outcomeFilter returns the selection of refused or granted requests.
func outcomeFilter(query url.Values) page.Filter {
	return page.Filter{Name: "outcome", Label: "Outcome", Options: []page.FilterOption{
		{Text: "Refused"}, {Value: outcomeGranted, Text: "Granted", Chosen: wantsGranted(query)},
	}}
}

// endpointFilter returns the selection of an endpoint.
func endpointFilter(query url.Values, rows []*activityv1.LoggedRequest) page.Filter {
	endpoints := []string{"/oauth/authorize", oauth.TokenPath, "/oauth/revoke", "/oauth/introspect"}
	if wanted := query.Get("endpoint"); wanted != "" && !slices.Contains(endpoints, wanted) {
		endpoints = append(endpoints, wanted)
	}
	for _, one := range rows {
		if at := one.GetKind().GetEndpoint(); at != "" && !slices.Contains(endpoints, at) {
			endpoints = append(endpoints, at) // one of the API
		}
	}
	f := page.Filter{Name: "endpoint", Label: "Where", Options: []page.FilterOption{{Text: "Every endpoint"}}}
	for _, value := range endpoints {
		f.Options = append(f.Options, page.FilterOption{Value: value, Text: value, Plain: true, Chosen: query.Get(f.Name) == value})
	}
	return f
}

// causeFilter returns the selection of a cause, by its explanation, the most frequent first. It has the
// number of requests of each where all of them are among the recent ones.
func (c Console) causeFilter(query url.Values, rows []*activityv1.LoggedRequest, latest *recent) page.Filter {
	f := page.Filter{Name: "cause", Label: "Why", Options: []page.FilterOption{{Text: "Every cause"}}}
	counts := latest.causes(query.Get("endpoint"), c.since(query))
	causes := map[errorv1.Cause]bool{}
	for cause := range counts {
		causes[cause] = true
	}
	for _, one := range rows {
		causes[one.GetKind().GetCause()] = true
	}
	wanted, known := query.Get(f.Name), false
	if cause := oerr.CauseOfLabel(wanted); cause != errorv1.Cause_CAUSE_UNSPECIFIED && oerr.CauseLabel(cause) == wanted {
		causes[cause], known = true, true
	}
	delete(causes, errorv1.Cause_CAUSE_UNSPECIFIED)
	same := map[string]int{} // how many causes have an explanation
	for cause := range causes {
		told, label := explain(cause), oerr.CauseLabel(cause)
		f.Options = append(f.Options, page.FilterOption{
			Value: label, Text: told.what, English: told.english, Chosen: label == wanted, Count: counts[cause],
		})
		same[told.what]++
	}
	slices.SortFunc(f.Options[1:], func(a, b page.FilterOption) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	for i, option := range f.Options {
		if same[option.Text] > 1 {
			f.Options[i].Detail = option.Value
		}
	}
	if wanted != "" && !known { // an address that was changed
		f.Options = append(f.Options, page.FilterOption{Value: wanted, Text: wanted, Plain: true, Chosen: true})
	}
	return f
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
