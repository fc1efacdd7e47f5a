package developers

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

const (
	// tokenDays is of how many days the tokens are counted: the log has no more.
	tokenDays = 7
	// tokenRows is how many rows of the log are read at once for that, and tokenPages how often: a client
	// has about one row an hour for each set of parameters that it sends.
	tokenRows  = 1000
	tokenPages = 4
)

// usage shows how many people use the client, what it got and did not use, and what was refused.
func (c Console) usage(v visit) page.View {
	data := page.ConsoleUsage{
		Console: v.head, Unused: c.Flow.Permissions(v.app.GetRegistration().GetUnusedScopes(), nil),
	}
	if !v.head.Head.Unseen {
		data.Facts = append(data.Facts, people(v.app))
	}
	tokens, leave := browser.Meanwhile(c.Flow, v.r, func(r *http.Request) []page.TokenDay {
		beside := v
		beside.r = r
		return c.tokens(beside)
	})
	defer leave()
	day, ok := c.day(v)
	data.Tokens = tokens()
	if !ok {
		data.Facts = append(data.Facts, page.Fact{Label: "Refused in 24 hours", Phrase: "Not known right now"})
		return page.View{Template: "devusage", Data: data}
	}
	data.Facts = append(data.Facts, day.fact())
	moreOften := func(a, b errorv1.Cause) int { return cmp.Or(cmp.Compare(day.by[b], day.by[a]), cmp.Compare(a, b)) }
	for _, cause := range slices.SortedFunc(maps.Keys(day.by), moreOften) {
		data.Causes = append(data.Causes, page.Fact{
			Label: explain(cause).what, Text: strconv.FormatInt(day.by[cause], 10), Address: v.head.Head.Base + "/requests?cause=" + oerr.CauseLabel(cause),
		})
	}
	return page.View{Template: "devusage", Data: data}
}

// tokens returns how many access tokens the client got on each of the last days in the zone of the user,
// today first; nil while the log cannot be read.
func (c Console) tokens(v visit) []page.TokenDay {
	if c.Log == nil {
		return nil
	}
	days := make([]page.TokenDay, tokenDays)
	year, month, today := c.Flow.Time().In(v.in).Date()
	for i := range days {
		days[i].From = time.Date(year, month, today-i, 0, 0, 0, 0, v.in)
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), logTimeout)
	defer cancel()
	ask := &activityv1.ListRequestsRequest{
		SessionToken: c.session(v.r), ClientId: v.id(), GrantedOnly: true, Endpoint: oauth.TokenPath, PageSize: tokenRows,
	}
	at := 0 // the day of the row: the newest are the first
	for range tokenPages {
		res, err := c.Log.ListRequests(ctx, ask)
		if err != nil {
			return nil
		}
		for _, one := range res.GetRequests() {
			for last := one.GetLastTime().AsTime(); last.Before(days[at].From); at++ {
				if at == tokenDays-1 {
					return days
				}
			}
			days[at].Tokens += one.GetCount()
		}
		if ask.PageToken = res.GetNextPageToken(); ask.GetPageToken() == "" {
			return days
		}
	}
	for i := at; i < tokenDays; i++ {
		days[i].More = true
	}
	return days
}
