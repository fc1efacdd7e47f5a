package page

import (
	"html"
	"html/template"
	"strings"
)

// usualRow is the size of most rows in bytes.
const usualRow = 256

// permissions returns the lists of permissions of a consent page. It has up to some dozens: one call costs
// less than the actions of a template for each row, which were half of the page's CPU time.
func (p phrases) permissions(groups []PermissionGroup) template.HTML {
	var b strings.Builder
	b.Grow(usualRow * count(groups))
	for _, group := range groups {
		if group.Name != "" {
			b.WriteString(`<p class="kind">`)
			p.text(&b, group.Name)
			b.WriteString("</p>\n")
		}
		b.WriteString(`<ul class="grants">`)
		for _, permission := range group.Permissions {
			p.permission(&b, permission)
		}
		b.WriteString("\n</ul>\n")
	}
	return template.HTML(b.String()) //nolint:gosec // every text is escaped
}

// permission writes one row: one that can be left out is the label of a checkbox, so that all of it can
// be clicked.
func (p phrases) permission(b *strings.Builder, permission Permission) {
	if permission.Optional {
		b.WriteString("\n" + `<li><label><input type="checkbox" name="scope" value="` + html.EscapeString(permission.Name) + `"`)
		if !permission.Declined {
			b.WriteString(" checked")
		}
		b.WriteString("><span>")
	} else {
		b.WriteString("\n" + `<li><span class="icon ` + permission.icon() + `"></span><span>`)
	}
	p.text(b, permission.Description)
	if permission.Optional {
		p.why(b, "Optional: the app works without it.")
	}
	if permission.Sensitive {
		p.why(b, "Allow this only if you know why the app needs it.")
	}
	b.WriteString("</span>")
	switch {
	case permission.Changes:
		b.WriteString(`<span class="badge warn">`)
		p.text(b, "Can change")
		b.WriteString("</span>")
	case permission.Reads:
		b.WriteString(`<span class="badge">`)
		p.text(b, "Can view")
		b.WriteString("</span>")
	}
	if permission.Optional {
		b.WriteString("</label>")
	}
	b.WriteString("</li>")
}

// scopeBoxes returns the rows of a list of permissions to choose from, each with its scope's name.
func (p phrases) scopeBoxes(permissions []Permission) template.HTML {
	var b strings.Builder
	for _, permission := range permissions {
		name := html.EscapeString(permission.Name)
		b.WriteString("\n" + `<li><label><input type="checkbox" name="scope" value="` + name + `"`)
		if !permission.Declined {
			b.WriteString(" checked")
		}
		b.WriteString("><span>")
		p.text(&b, permission.Description)
		b.WriteString(` <code class="why">` + name + "</code></span></label></li>")
	}
	return template.HTML(b.String()) //nolint:gosec // every text is escaped
}

// text writes a text in the language of the page.
func (p phrases) text(b *strings.Builder, key string) {
	b.WriteString(html.EscapeString(p.printer.Text(key)))
}

// why writes a line below a permission.
func (p phrases) why(b *strings.Builder, key string) {
	b.WriteString(` <span class="why">`)
	p.text(b, key)
	b.WriteString("</span>")
}

// icon returns the shape before a permission.
func (p Permission) icon() string {
	switch {
	case p.Sensitive:
		return "look"
	case p.Changes:
		return "edit"
	}
	return "yes"
}
