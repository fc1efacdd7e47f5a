package page

import (
	"html"
	"html/template"
	"net/url"
)

// Identity describes a client to the user, besides its name. All texts are untrusted; empty for none.
type Identity struct {
	// Known is false where nothing is known, not even whether the client is verified.
	Known bool
	// Publisher is the person or company that publishes the client, and Purpose its purpose.
	Publisher, Purpose string
	// Address is its home page, and Privacy and Terms are its policies.
	Address, Privacy, Terms string
	// Logo is the hash of its logo.
	Logo string
	// Verified says that the operator has checked the client, and SelfRegistered that it registered or
	// describes itself.
	Verified, SelfRegistered bool
}

// Report returns where users report a client; empty for nowhere.
func (p *Pages) Report() string { return p.brand.Report }

// LogosPath is the path prefix of every logo.
const LogosPath = "/logos/"

// Tile is the data of the partials "tile" and "tile-large": a client's logo, or a letter.
type Tile struct{ Name, Logo string }

// Badge returns the mark of a verified client; nil for any other.
func (i Identity) Badge() *Badge {
	switch {
	case !i.Verified:
		return nil
	case i.Publisher != "":
		return &Badge{Kind: "ok", Text: "Verified publisher"}
	}
	return &Badge{Kind: "ok", Text: "Verified app"}
}

// Policies returns the links to the client's own pages. Those of a client that is not verified have their
// host in the text: they may be another company's.
func (i Identity) Policies() []Link {
	var links []Link
	for _, l := range []struct{ address, text, ofHost string }{
		{i.Privacy, "The app's privacy policy", "The app's privacy policy (%s)"}, {i.Terms, "The app's terms", "The app's terms (%s)"},
	} {
		host := hostOf(l.address)
		switch {
		case host == "":
		case i.Verified:
			links = append(links, Link{Address: l.address, Text: l.text})
		default:
			links = append(links, Link{Address: l.address, Text: l.ofHost, Host: host})
		}
	}
	return links
}

// hostOf returns the host of an https address; empty for any other string.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	return u.Host
}

// publisher returns the publisher of a client, with a link to its home page; empty where neither is known.
// A client that registered itself has no publisher: its home page is shown by its host.
func (p phrases) publisher(i Identity) template.HTML {
	host := hostOf(i.Address)
	switch {
	case i.Publisher != "" && host != "":
		return p.format("By %s", outside(i.Address, i.Publisher))
	case i.Publisher != "":
		return p.format("By %s", isolate(i.Publisher))
	case host != "" && i.SelfRegistered:
		return p.format("Its website, as it says: %s", outside(i.Address, host))
	case host != "":
		return outside(i.Address, host)
	}
	return ""
}

// outside returns a link to an https address of a client. The other site learns nothing of this page.
func outside(address, name string) template.HTML {
	return template.HTML(`<a href="` + html.EscapeString(address) + `" rel="noreferrer nofollow">` + string(isolate(name)) + "</a>") //nolint:gosec // both are escaped
}

// heading returns the heading of a consent page.
func (p phrases) heading(c Consent) template.HTML {
	app := isolate(c.App)
	switch n := count(c.Added); {
	case c.OneClick != nil:
		return p.format("%s already has everything that it asks for", app)
	case c.Connected && n > 0:
		return p.format("%[2]s asks for %[1]d more permissions", n, app)
	}
	return p.format("%s wants to use a workspace of yours", app)
}

// count returns the number of permissions.
func count(groups []PermissionGroup) int {
	n := 0
	for _, g := range groups {
		n += len(g.Permissions)
	}
	return n
}
