package page

import (
	"html"
	"html/template"
	"regexp"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/message"
)

// phrases are the functions of templates that return text in one language.
type phrases struct{ printer *message.Printer }

func (p phrases) functions() template.FuncMap {
	return template.FuncMap{
		"name": Name, "lines": Lines, "exact": exact, "initial": initial, "initials": initials, "tone": tone, "capital": capital, "timestamp": timestamp,
		"tr": p.printer.Text, "tf": p.format, "percent": p.printer.Percent, "strong": strong, "quiet": quiet, "isolate": isolate, "anchor": p.anchor,
		"role": p.role, "phrase": p.phrase, "said": p.said, "codes": codes, "permissions": p.permissions, "choices": p.choices, "workspaceFacts": p.workspaceFacts, "scopeBoxes": p.scopeBoxes, "clock": clock, "hour": hour, "zone": zoneName, "publisher": p.publisher, "heading": p.heading, "outside": outside, "count": count, "used": p.used, "lasts": p.lasts, "ending": p.ending, "changed": p.changed, "wait": p.wait, "displayTime": p.time, "day": p.day, "mainCause": p.mainCause, "workspacePath": workspacePath, "link": p.link,
	}
}

// fixed matches the action for a text without arguments.
var fixed = regexp.MustCompile(`{{t "([^"]*)"}}`)

// translate replaces the texts without arguments in a template, so that they cost nothing when a page
// is rendered.
func (p phrases) translate(source string) string {
	return fixed.ReplaceAllStringFunc(source, func(action string) string {
		return html.EscapeString(p.printer.Text(fixed.FindStringSubmatch(action)[1]))
	})
}

// format returns a message with its arguments, of which strings are escaped. The message itself is
// trusted.
func (p phrases) format(key string, args ...any) template.HTML {
	for i, arg := range args {
		switch value := arg.(type) {
		case template.HTML:
			args[i] = string(value)
		case string:
			args[i] = html.EscapeString(value)
		}
	}
	return template.HTML(p.printer.Format(key, args...)) //nolint:gosec // every argument is escaped
}

// phrase returns a message with untrusted names in its places.
func (p phrases) phrase(key string, names []string) template.HTML {
	if len(names) == 0 {
		return template.HTML(html.EscapeString(p.printer.Text(key))) //nolint:gosec // the text is escaped
	}
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = isolate(name)
	}
	return p.format(key, args...)
}

// said is phrase, whose last name is a sentence in English.
func (p phrases) said(key string, names []string, english bool) template.HTML {
	if !english || len(names) == 0 {
		return p.phrase(key, names)
	}
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = isolate(name)
	}
	args[len(args)-1] = wrap(`<bdi lang="en">`, names[len(names)-1], "</bdi>")
	return p.format(key, args...)
}

// isolate returns an untrusted name whose direction does not affect the text around it.
func isolate(name string) template.HTML { return wrap("<bdi>", name, "</bdi>") }

// codes returns the names of all permissions as identifiers. One call costs less than an action for
// each.
func codes(groups []PermissionGroup) template.HTML {
	var b strings.Builder
	for _, group := range groups {
		for _, permission := range group.Permissions {
			b.WriteString("<code>" + html.EscapeString(permission.Name) + "</code> ")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // the names are escaped
}

// strong returns an untrusted name that stands out.
func strong(name string) template.HTML { return wrap("<strong><bdi>", name, "</bdi></strong>") }

// quiet returns an untrusted name that stands back.
func quiet(name string) template.HTML { return wrap(`<bdi class="quiet">`, name, "</bdi>") }

func wrap(before, name, after string) template.HTML {
	return template.HTML(before + html.EscapeString(Name(name)) + after) //nolint:gosec // the name is escaped
}

// mainCause returns the sentence about the cause of most refused requests.
func (p phrases) mainCause(c MainCause) template.HTML {
	what := template.HTML(html.EscapeString(p.printer.Text(c.What))) //nolint:gosec // the text is escaped
	if c.English {
		what = `<span lang="en">` + what + "</span>"
	}
	if c.More {
		return p.format("%d of %d refused requests that were counted have one cause: %s.", c.Count, c.Refused, what)
	}
	return p.format("%d of %d refused requests have one cause: %s.", c.Count, c.Refused, what)
}

// anchor returns a link inside of a message.
func (p phrases) anchor(address, key string) template.HTML {
	return template.HTML(`<a href="` + html.EscapeString(address) + `">` + html.EscapeString(p.printer.Text(key)) + "</a>") //nolint:gosec // both are escaped
}

// link returns the text of a link.
func (p phrases) link(l Link) string {
	if l.Host == "" {
		return p.printer.Text(l.Text)
	}
	return p.printer.Format(l.Text, l.Host)
}

// role returns a user's role in a workspace as a phrase.
func (p phrases) role(role string) string {
	switch role {
	case "administrator":
		return p.printer.Text("you administer it")
	case "developer":
		return p.printer.Text("you are a developer")
	case "member":
		return p.printer.Text("you are a member")
	}
	return p.printer.Format("you are %s", role)
}

// used returns when a connected client was used, to the day; empty for never.
func (p phrases) used(a App) string {
	if a.Used.IsZero() {
		return ""
	}
	if days := daysBetween(a.Used, a.Now); days > 0 {
		return p.printer.Format("Used %d days ago", days)
	}
	return p.printer.Text("Used today")
}

// time returns a time for users, in its own location.
func (p phrases) time(t time.Time) string {
	return p.printer.Format("%[1]d %[2]s %[3]s, %[4]s %[5]s", t.Day(), p.printer.Text(t.Month().String()), t.Format("2006"), t.Format("15:04"), zoneName(t))
}

// day returns a day for users, without its year, in its own location.
func (p phrases) day(t time.Time) string {
	return p.printer.Format("%[1]d %[2]s", t.Day(), p.printer.Text(t.Month().String()))
}

// zoneName returns the abbreviation of a time's zone, or its offset where the zone has none.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}

// minutesFrom is the wait from which on it is counted in minutes.
const minutesFrom = 2 * time.Minute

// wait returns the sentence with the time of the next attempt: the hour and the minute in its own
// location, rounded up, and how long that is from now.
func (p phrases) wait(w *Wait) string {
	left := w.At.Sub(w.Now)
	if left <= 0 {
		return p.printer.Text("Try again now.")
	}
	minute := w.At.Truncate(time.Minute)
	if minute.Before(w.At) {
		minute = minute.Add(time.Minute)
	}
	return p.printer.Format("Try again at %[1]s %[2]s (in %[3]s).", minute.Format("15:04"), zoneName(minute), p.duration(left))
}

// duration returns a duration in whole seconds or, from two minutes on, whole minutes, rounded up.
func (p phrases) duration(d time.Duration) string {
	if d < minutesFrom {
		return p.printer.Format("%d seconds", int64((d+time.Second-1)/time.Second))
	}
	return p.printer.Format("%d minutes", int64((d+time.Minute-1)/time.Minute))
}

// title returns a page's title, with the name where it has a place for one, else after it.
func (p phrases) title(v View) string {
	title := p.printer.Text(v.Title)
	switch {
	case strings.Contains(v.Title, "%s"):
		title = p.printer.Format(v.Title, Name(v.TitleName))
	case v.TitleName != "":
		title += ": " + Name(v.TitleName)
	}
	if v.Failed {
		title = p.printer.Format("Error: %s", title)
	}
	return title
}
