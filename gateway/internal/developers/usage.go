package developers

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/vidocu/usher/gateway/internal/page"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// usage shows how many people use the client, and what was refused.
func (c Console) usage(v visit) page.View {
	people := strconv.Itoa(int(v.app.GetPeople()))
	if limit := v.app.GetPeopleLimit(); limit > 0 {
		people += " / " + strconv.Itoa(int(limit))
	}
	data := page.ConsoleUsage{Console: v.head, Facts: []page.Fact{{Label: "People connected", Text: people}}}
	day, ok := c.day(v)
	if !ok {
		data.Facts = append(data.Facts, page.Fact{Label: "Refused in 24 hours", Phrase: "Not known right now"})
		return page.View{Template: "devusage", Data: data}
	}
	data.Facts = append(data.Facts, day.fact())
	causes := make([]errorv1.Cause, 0, len(day.by))
	for cause := range day.by {
		causes = append(causes, cause)
	}
	slices.SortFunc(causes, func(a, b errorv1.Cause) int { return cmp.Or(cmp.Compare(day.by[b], day.by[a]), cmp.Compare(a, b)) })
	for _, cause := range causes {
		data.Causes = append(data.Causes, page.Fact{
			Label: explain(cause).what, Text: strconv.FormatInt(day.by[cause], 10), Address: v.head.Head.Base + "/requests?cause=" + oerr.CauseLabel(cause),
		})
	}
	return page.View{Template: "devusage", Data: data}
}
