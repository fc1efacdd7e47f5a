package page

import (
	"html/template"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Ending is when the access of a client ends by itself.
type Ending struct {
	// Unused is how long after its last use it does.
	Unused time.Duration
	// Latest is when it does in any case; zero where that is not known.
	Latest time.Time
}

// redeemedWithin is the longest time from an approval to the token family that it begins: the upper
// bounds of the settings code_lifetime and device_code_lifetime of authz are not above it.
const redeemedWithin = 30 * time.Minute

// ending returns when the access ends. The latest approval began the latest token family; one that
// ended already is not said to be still to end.
func (a App) ending() *Ending {
	e := &Ending{Unused: a.Lifetimes.Refresh}
	if latest := a.Approved.Add(a.Lifetimes.Family + redeemedWithin); latest.After(a.Now) {
		e.Latest = latest
	}
	return e
}

// lasts returns the sentence about how long access lasts. A service of release 0.1 does not say for how
// long.
func (p phrases) lasts(l oauth.GrantLifetimes) template.HTML {
	page := p.anchor("/account/connected-apps", "Connected apps")
	if l == (oauth.GrantLifetimes{}) {
		return p.format("Access lasts until you end it under %s. It also ends by itself: when the app has not used it for long, and after a fixed time in any case.", page)
	}
	return p.format("Access lasts until you end it under %s, or until the app has not used it for %s. After %s it ends in any case.",
		page, p.lifetime(l.Refresh), p.lifetime(l.Family))
}

// ending returns when access ends.
func (p phrases) ending(e *Ending) string {
	if e.Latest.IsZero() {
		return p.printer.Format("After %s without use", p.lifetime(e.Unused))
	}
	return p.printer.Format("After %[1]s without use, and on %[2]s at the latest", p.lifetime(e.Unused), p.date(e.Latest))
}

// date returns the day of a time, in its own location.
func (p phrases) date(t time.Time) string {
	return p.printer.Format("%[1]d %[2]s %[3]s", t.Day(), p.printer.Text(t.Month().String()), t.Format("2006"))
}

const (
	oneDay = 24 * time.Hour
	// daysFrom and hoursFrom are the lifetimes from which on days and hours are counted.
	daysFrom  = 3 * oneDay
	hoursFrom = 3 * time.Hour
)

// lifetime returns a lifetime in days, hours or less, rounded up: after it the access has ended.
func (p phrases) lifetime(d time.Duration) string {
	switch {
	case d >= daysFrom || d > 0 && d%oneDay == 0:
		return p.printer.Format("%d days", int64((d+oneDay-1)/oneDay))
	case d >= hoursFrom || d > 0 && d%time.Hour == 0:
		return p.printer.Format("%d hours", int64((d+time.Hour-1)/time.Hour))
	}
	return p.duration(d)
}
