package harness

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// The users of the fixtures, and their password. Most tests sign John in.
const (
	JohnEmail    = "john.doe@gmail.com"
	EstherEmail  = "esther.fray@gmail.com"
	UserPassword = "examplepassword"
)

// Browser is a browser without JavaScript: it keeps cookies, reads forms and never follows a
// redirect by itself.
type Browser struct {
	Client *http.Client
	base   string
	d      *Deployment
}

// NewBrowser opens a browser with no cookies.
func (d *Deployment) NewBrowser() *Browser {
	jar, _ := cookiejar.New(nil) // a nil option cannot fail
	return &Browser{base: d.PublicURL, d: d, Client: &http.Client{
		Jar: jar, Timeout: 2 * time.Minute, Transport: d.http().Transport, // its connections are kept, as a browser's are
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Page is a response with its whole body and the forms in it.
type Page struct {
	URL    string
	Status int
	Header http.Header
	Body   string
	Forms  []Form
}

// Form is a form on a page with the values it would send.
type Form struct {
	Action string
	Values url.Values
	// Choices are the values that each radio button or select offers.
	Choices map[string][]string
}

// Location returns the redirect's target, resolved against the page's own address; empty if the
// page does not redirect.
func (p Page) Location() string {
	to := p.Header.Get("Location")
	base, err := url.Parse(p.URL)
	if to == "" || err != nil {
		return to
	}
	ref, err := base.Parse(to)
	if err != nil {
		return to
	}
	return ref.String()
}

// Query returns the query of the redirect's target.
func (p Page) Query() url.Values {
	u, err := url.Parse(p.Header.Get("Location"))
	if err != nil {
		return nil
	}
	return u.Query()
}

// Get opens an absolute address or a path of the deployment.
func (b *Browser) Get(address string) (Page, error) {
	req, err := http.NewRequest(http.MethodGet, b.resolve(address), nil)
	if err != nil {
		return Page{}, err
	}
	return b.Do(req)
}

// Do sends a request with the browser's cookies and reads the response.
func (b *Browser) Do(req *http.Request) (Page, error) {
	res, err := b.Client.Do(req)
	if err != nil {
		return Page{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Page{}, err
	}
	page := Page{URL: req.URL.String(), Status: res.StatusCode, Header: res.Header, Body: string(body)}
	for _, c := range res.Cookies() {
		b.d.RecordSecret(c.Name, c.Value)
	}
	b.d.RecordSecret("code", page.Query().Get("code"))
	page.Forms, err = forms(page.Body)
	return page, err
}

// Follow follows redirects as long as they stay on the deployment, and returns the last page: one
// that does not redirect, or one that redirects to a client.
func (b *Browser) Follow(p Page, err error) (Page, error) {
	for range 10 {
		if err != nil || p.Location() == "" || !strings.HasPrefix(p.Location(), b.base+"/") || strings.HasPrefix(p.Location(), b.base+"/demo/") {
			return p, err
		}
		p, err = b.Get(p.Location())
	}
	return p, fmt.Errorf("more than 10 redirects, last to %s", p.Location())
}

// Submit sends a form as a browser would, with some of its values replaced.
func (b *Browser) Submit(p Page, form Form, set map[string]string) (Page, error) {
	values := url.Values{}
	for k, v := range form.Values {
		values[k] = v
	}
	for k, v := range set {
		values.Set(k, v)
	}
	base, err := url.Parse(p.URL)
	if err != nil {
		return Page{}, err
	}
	action, err := base.Parse(form.Action)
	if err != nil {
		return Page{}, err
	}
	req, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return Page{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base.Scheme+"://"+base.Host)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(req)
}

// FormWith finds the page's form that has a field of that name.
func (p Page) FormWith(field string) (Form, error) {
	for _, f := range p.Forms {
		if _, ok := f.Values[field]; ok {
			return f, nil
		}
		if _, ok := f.Choices[field]; ok {
			return f, nil
		}
	}
	return Form{}, fmt.Errorf("%s (status %d) has no form with a field %q:\n%s", p.URL, p.Status, field, p.Body)
}

// SignIn fills in the sign-in page that the browser is on, and follows the redirects.
func (b *Browser) SignIn(p Page, email, password string) (Page, error) {
	form, err := p.FormWith("password")
	if err != nil {
		return p, err
	}
	b.d.RecordSecret("password", password)
	return b.Follow(b.Submit(p, form, map[string]string{"email": email, "password": password}))
}

func (b *Browser) resolve(address string) string {
	if strings.HasPrefix(address, "/") {
		return b.base + address
	}
	return address
}

// forms parses every form of a page.
func forms(body string) ([]Form, error) {
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	var found []Form
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" {
			found = append(found, readForm(n))
		}
	}
	return found, nil
}

func readForm(form *html.Node) Form {
	f := Form{Action: attr(form, "action"), Values: url.Values{}, Choices: map[string][]string{}}
	for n := range form.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "input":
			readInput(&f, n)
		case "select":
			readSelect(&f, n)
		case "textarea":
			f.Values.Set(attr(n, "name"), textOf(n))
		}
	}
	return f
}

func readInput(f *Form, n *html.Node) {
	name, value := attr(n, "name"), attr(n, "value")
	switch {
	case name == "" || attr(n, "type") == "submit" || attr(n, "type") == "checkbox" && !has(n, "checked"):
	case attr(n, "type") == "radio":
		f.Choices[name] = append(f.Choices[name], value)
		if has(n, "checked") {
			f.Values.Set(name, value)
		}
	default:
		f.Values.Set(name, value)
	}
}

// textOf returns the text of an element without elements in it.
func textOf(n *html.Node) string {
	var text string
	for c := range n.ChildNodes() {
		text += c.Data
	}
	return text
}

func readSelect(f *Form, n *html.Node) {
	name := attr(n, "name")
	for o := range n.Descendants() {
		if o.Type == html.ElementNode && o.Data == "option" {
			f.Choices[name] = append(f.Choices[name], attr(o, "value"))
			if has(o, "selected") {
				f.Values.Set(name, attr(o, "value"))
			}
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// CrossSite is a POST that does not come from our page. An empty content type is a form's.
type CrossSite struct {
	Body, ContentType string
	Headers           map[string]string
}

// PostCrossSite posts as another site's page would, with the browser's cookies as far as SameSite
// sends them.
func (b *Browser) PostCrossSite(path string, c CrossSite) (Page, error) {
	req, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(c.Body))
	if err != nil {
		return Page{}, err
	}
	if c.ContentType == "" {
		c.ContentType = "application/x-www-form-urlencoded"
	}
	req.Header.Set("Content-Type", c.ContentType)
	for name, value := range c.Headers {
		req.Header.Set(name, value)
	}
	return b.Do(req)
}

// SessionCookie is the name of the session's cookie in development.
const SessionCookie = "usher_session"

// Cookie returns a cookie's value; empty when the browser has none.
func (b *Browser) Cookie(name string) string {
	u, err := url.Parse(b.base)
	if err != nil {
		return ""
	}
	for _, c := range b.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
