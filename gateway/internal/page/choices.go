package page

import (
	"html"
	"html/template"
	"strings"
)

// choices returns the rows of workspaces to choose from. As for permissions, one call costs less than the
// actions of a template for each.
func (p phrases) choices(workspaces []Workspace) template.HTML {
	var b strings.Builder
	b.Grow(2 * usualRow * len(workspaces))
	for _, ws := range workspaces {
		b.WriteString("\n" + `<label class="choice"><input type="radio" name="workspace_id" value="`)
		b.WriteString(html.EscapeString(ws.ID))
		b.WriteString(`" required`)
		if ws.Chosen {
			b.WriteString(" checked")
		}
		if ws.Disabled {
			b.WriteString(" disabled")
		}
		b.WriteString(">\n")
		p.facts(&b, ws)
		b.WriteString("</label>")
	}
	return template.HTML(b.String()) //nolint:gosec // every text is escaped
}

// workspaceFacts returns the facts of a workspace, by which two of one name differ.
func (p phrases) workspaceFacts(ws Workspace) template.HTML {
	var b strings.Builder
	p.facts(&b, ws)
	return template.HTML(b.String()) //nolint:gosec // every text is escaped
}

// facts writes the name of a workspace, its plan, the user's role and its identifier.
func (p phrases) facts(b *strings.Builder, ws Workspace) {
	b.WriteString(`<span class="grow"><strong>`)
	b.WriteString(string(isolate(ws.Name)))
	b.WriteString("</strong>")
	if ws.Badge != nil {
		b.WriteString(" ")
		p.badge(b, *ws.Badge)
	}
	b.WriteString(`<br><span class="small quiet">`)
	if ws.Plan != "" {
		b.WriteString(string(p.format("%s plan", capital(ws.Plan))))
		b.WriteString(" · ")
	}
	if ws.Role != "" {
		b.WriteString(html.EscapeString(p.role(ws.Role)))
		b.WriteString(" · ")
	}
	b.WriteString("<code>")
	b.WriteString(html.EscapeString(ws.ID))
	b.WriteString("</code></span>")
	if ws.Closed != "" {
		b.WriteString(`<br><a class="standing small" href="#` + html.EscapeString(ws.Closed) + `">`)
		p.text(b, "What you can do")
		b.WriteString(`<span class="unseen"> (` + string(isolate(ws.Name)) + `)</span></a>`)
	}
	b.WriteString("</span>")
}

// badge writes the partial "badge".
func (p phrases) badge(b *strings.Builder, badge Badge) {
	b.WriteString(`<span class="badge `)
	b.WriteString(html.EscapeString(badge.Kind))
	b.WriteString(`">`)
	if badge.Kind == "ok" {
		b.WriteString(`<span class="icon yes"></span>`)
	}
	p.text(b, badge.Text)
	b.WriteString("</span>")
}
