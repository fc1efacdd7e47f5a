package browser

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/page"
)

// Demo serves the pages of a development server: a home page, the example client's redirect URI,
// and the components of the pages.
type Demo struct {
	Pages     *page.Pages
	PublicURL string
	APIURL    string
}

const callbackPath = "/demo/callback"

// Home shows a link that starts an authorization.
func (d Demo) Home(w http.ResponseWriter, r *http.Request) {
	d.Pages.Render(w, r, page.View{Template: "home", Title: "Usher", Data: page.Home{
		AuthorizeURL: d.authorizeURL(),
		Facts:        []page.Fact{{Label: "E-mail address", Text: "john.doe@gmail.com", Code: true}, {Label: "Password", Text: "examplepassword", Code: true}},
		Stops:        stops(),
		Curl:         "curl " + d.APIURL + "/v1/videos -H 'Authorization: Bearer vdo_oat_…'",
	}})
}

// stops returns the parts of the tour after the flow itself.
func stops() []page.DocsGroup {
	entry := func(address, text, summary string) page.DocsEntry {
		return page.DocsEntry{Link: page.Link{Address: address, Text: text}, Summary: summary}
	}
	return []page.DocsGroup{
		{Name: "The accounts", Pages: []page.DocsEntry{
			entry("/signin", "Sign in", "John administers two workspaces; esther.fray@gmail.com, with the same password, is a member of one of them."),
			entry(ProfilePath, "Profile", "The names, the language and the time zone of a user."),
			entry(SecurityPath, "Sign-in and security", "The change of the password, with the old one."),
			entry(HomePath, "Connected apps", "What a user allowed, and the button that takes it back on every server at once."),
			entry(DevicesPath, "Devices", "Where a user is signed in, and the button that signs out a lost phone."),
			entry(ActivityPath, "Activity", "Sign-ins, failed ones, changes of the password, approvals and ends of apps."),
			entry(devicePath, "Connect a device", "The page for the code that a TV shows; docs/devices.md has the commands that play the TV."),
		}},
		{Name: "The work", Pages: []page.DocsEntry{
			entry(DevelopersPath, "Your apps", "Register an app, read why its requests were refused, play the flow step by step."),
			entry(WorkspacesPath, "Workspaces", "Which apps are connected to a workspace, who may connect them, API keys, members and activity."),
		}},
		{Name: "The pages", Pages: []page.DocsEntry{
			entry("/dev/components", "Components", "Every part of these pages in every state, from left to right and from right to left."),
			entry("/oauth/authorize?client_id=unknown", "An error", "What a user sees when an app is not known: a page with the next step, and never a redirect."),
		}},
		{Name: "The docs", Pages: []page.DocsEntry{
			entry("/docs/quick-start", "Quick start", "From a client id to a call of the API, in five steps."),
			entry("/docs/errors", "Errors", "Every cause of a refusal that the log can name, with what to do."),
			entry("/docs", "All pages", "Authorization, tokens, scopes, libraries, MCP and the reference."),
		}},
		{Name: "The API", Pages: []page.DocsEntry{
			entry("/docs/api", "API reference", "Every endpoint with its fields, examples and errors."),
			entry("/openapi.json", "openapi.json", "The same for tools: OpenAPI 3.1."),
			entry("/.well-known/oauth-authorization-server", "Metadata", "What an OAuth library reads before it starts (RFC 8414)."),
		}},
	}
}

// Components shows every component of the pages in every state.
func (d Demo) Components(w http.ResponseWriter, r *http.Request) {
	d.Pages.Render(w, r, page.View{Template: "components", Title: "Components", Frame: &page.Frame{Menu: exampleMenu()}, Data: page.ExampleComponents()})
}

func exampleMenu() []page.MenuGroup {
	return []page.MenuGroup{
		{Name: "You", Entries: []page.MenuEntry{
			{Address: "/dev/components", Text: "Components", Current: true}, {Address: "/account/connected-apps", Text: "Connected apps"},
		}},
		{Name: "Development", Entries: []page.MenuEntry{{Address: "/", Text: "Home"}}},
	}
}

// Callback shows the parameters that the example client received, and the token request for the
// code.
func (d Demo) Callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	data := page.Demo{
		AuthorizeURL: d.authorizeURL(), Code: q.Get("code"), Error: q.Get("error"),
		Description: q.Get("error_description"), State: q.Get("state"),
	}
	data.Curl = fmt.Sprintf(`curl -X POST %s/oauth/token \
  -H "Content-Type: application/json" \
  -d '{
    "grant_type": "authorization_code",
    "code": "%s",
    "redirect_uri": "%s",
    "client_id": "vdo_client_abc123",
    "client_secret": "vdo_secret_xyz789"
  }'`, d.APIURL, url.QueryEscape(data.Code), d.PublicURL+callbackPath)
	d.Pages.Render(w, r, page.View{Template: "demo", Title: "Example App", Data: data})
}

func (d Demo) authorizeURL() string {
	return "/oauth/authorize?" + url.Values{
		"client_id": {"vdo_client_abc123"}, "redirect_uri": {d.PublicURL + callbackPath}, "response_type": {"code"},
		"scope": {"videos:read analyze:write jobs:read"}, "state": {"demo"},
	}.Encode()
}
