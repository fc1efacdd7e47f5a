package docsite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/catalog"
)

// scopesPage is the page that ends with the tables of the catalog.
const scopesPage = "scopes"

// tables returns the scopes, endpoints, plans and resources of a catalog, as Markdown.
func tables(c *catalog.Catalog) []byte {
	var b strings.Builder
	b.WriteString("## Scopes\n\n| scope | the user reads | |\n| --- | --- | --- |\n")
	for _, s := range c.Scopes() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cellText(s.Name), cellText(s.Description), effect(s))
	}
	plans := c.Plans()
	b.WriteString("\n## Endpoints\n\n| endpoint | scope | plans |\n| --- | --- | --- |\n")
	for _, e := range c.Endpoints() {
		var in []string
		for _, plan := range plans {
			if slices.Contains(plan.Endpoints, e) {
				in = append(in, cellText(plan.Name))
			}
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", e, cellText(e.Scope), strings.Join(in, ", "))
	}
	b.WriteString("\n## Protected resources\n\n| resource | | a client needs at least |\n| --- | --- | --- |\n")
	for _, r := range c.Resources() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cellText(r.ID), cellText(r.Name), codes(r.Minimum))
	}
	return []byte(b.String())
}

// effect returns whether a scope reads or changes.
func effect(s catalog.Scope) string {
	switch s.Access {
	case catalog.AccessRead:
		return "can view"
	case catalog.AccessChange:
		return "can change"
	}
	return ""
}

func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + cellText(name) + "`"
	}
	return strings.Join(quoted, " ")
}

// cellText returns a text of the operator's file without the characters that Markdown gives a
// meaning to.
func cellText(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("|`<>[]*\\&\n\r", r) {
			return ' '
		}
		return r
	}, s)
}
