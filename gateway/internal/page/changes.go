package page

import (
	"html/template"
	"strings"
	"time"
)

// Changes are the messages that name what a client says about itself otherwise than when the user
// approved it.
type Changes []string

// changed returns the sentence about the changes of a client.
func (p phrases) changed(c Changes) template.HTML {
	parts := make([]string, len(c))
	for i, part := range c {
		parts[i] = p.printer.Text(part)
	}
	return p.format("This app has changed since you approved it: %s.", strings.Join(parts, ", "))
}

// Installation is a client on one device. WorkspaceName is untrusted text.
type Installation struct {
	ID, WorkspaceName string
	Connected, Used   time.Time
}

// MaySeparate reports whether the client has several installations, which can be ended one by one.
func (a App) MaySeparate() bool { return len(a.Installations) > 1 }
