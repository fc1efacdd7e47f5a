package developers

import (
	"strconv"
	"strings"

	"github.com/vidocu/usher/docs"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// overview shows numbers about the client, the main cause of refusals, and how to start.
func (c Console) overview(v visit) page.View {
	data := page.ConsoleOverview{Console: v.head, Start: c.start(v.app.GetRegistration())}
	if !v.head.Head.Unseen {
		connected := people(v.app)
		if v.app.GetPeopleLimit() > 0 && !v.head.Head.Checked {
			connected.Phrase = "until it is verified"
		}
		data.Figures = append(data.Figures, connected)
	}
	data.Figures = append(data.Figures, page.Fact{Label: "Permissions", Text: strconv.Itoa(len(v.app.GetRegistration().GetScopes()))})
	latest, leave := c.recentBeside(v)
	defer leave()
	if day, ok := c.day(v); ok {
		data.Figures = append(data.Figures, day.facts(latest(), c.dayAgo())...)
		data.Cause = day.cause(v.head.Head.Base)
	}
	return page.View{Template: "devoverview", Data: data}
}

// people returns how many people connected a client.
func people(app *authzv1.OwnedClient) page.Fact {
	fact := page.Fact{Label: "People connected", Text: strconv.Itoa(int(app.GetPeople()))}
	limit := app.GetPeopleLimit()
	switch {
	case app.GetMorePeople():
		fact.Over, fact.Of = int64(app.GetPeople()), int64(limit)
	case limit > 0:
		fact.Text += " / " + strconv.Itoa(int(limit))
	}
	return fact
}

// start returns the examples of the quick start.
func (c Console) start(r *authzv1.Registration) []page.Snippet {
	k, id := kindOf(r), r.GetClient().GetClientId()
	redirect := "https://yourapp.com/callback"
	if len(r.GetRedirectUris()) > 0 {
		redirect = r.GetRedirectUris()[0]
	}
	fill := strings.NewReplacer("videos:read jobs:read", strings.Join(r.GetScopes(), " "), `"videos:read", "jobs:read"`, `"`+strings.Join(r.GetScopes(), `", "`)+`"`)
	environment := "ISSUER=" + shellQuote(c.PublicURL) + " CLIENT_ID=" + shellQuote(id)
	if !k.public {
		environment += " CLIENT_SECRET=CLIENT_SECRET"
	}
	if k.redirects {
		environment += " REDIRECT_URI=" + shellQuote(redirect)
	}
	snippets := []page.Snippet{{Title: "curl", Code: c.curl(r, redirect)}}
	switch k.name {
	case "service":
		return append(snippets, page.Snippet{Title: "Authlib (Python)", Code: environment + " python service.py\n\n" + example("python authlib-service")})
	case "screen":
		return snippets
	}
	return append(snippets,
		page.Snippet{Title: "openid-client (Node, Deno)", Code: environment + " node app.mjs\n\n" + fill.Replace(example("js openid-client"))},
		page.Snippet{Title: "golang.org/x/oauth2 (Go)", Code: fill.Replace(after("## golang.org/x/oauth2", "go"))},
		page.Snippet{Title: "Authlib (Python)", Code: environment + " python app.py\n\n" + fill.Replace(example("python authlib"))},
		page.Snippet{
			Title: "MCP", Before: "Give the client these two. An MCP client that describes or registers itself needs neither.",
			Code: "client_id: " + id + "\nredirect_uri: " + redirect + "\nissuer: " + c.PublicURL,
		},
	)
}

// curl returns the requests of the client.
func (c Console) curl(r *authzv1.Registration, redirect string) string {
	id, scope := r.GetClient().GetClientId(), strings.Join(r.GetScopes(), " ")
	token, basic := "curl "+shellQuote(c.APIURL+"/oauth/token"), " -u "+shellQuote(id+":CLIENT_SECRET")
	switch kindOf(r).name {
	case "service":
		return token + basic + " \\\n " + data("grant_type", "client_credentials") + data("scope", scope)
	case "screen":
		return "curl " + shellQuote(c.APIURL+"/oauth/device_authorization") + data("client_id", id) + data("scope", scope) + "\n\n" +
			token + data("client_id", id) + " \\\n " + data("grant_type", oauth.DeviceCodeGrant) + data("device_code", "DEVICE_CODE")
	}
	authenticated := basic
	if kindOf(r).public {
		authenticated = data("client_id", id)
	}
	return "# " + authorizeURL(c.PublicURL, id, redirect, scope, "STATE", "CODE_CHALLENGE") + "\n\n" + token + authenticated + " \\\n" +
		" " + data("grant_type", oauth.AuthorizationCodeGrant) + data("redirect_uri", redirect) + " \\\n " + data("code", "CODE") + data("code_verifier", "CODE_VERIFIER")
}

// example returns a program of the page about clients, by the line that begins it. A test runs each.
func example(fence string) string { return after("```"+fence+"\n", "") }

// after returns the block of code after a text of that page; in the language, if one is given.
func after(text, language string) string {
	_, rest, _ := strings.Cut(string(docs.Text(docs.Page{Name: "clients"})), text)
	if language != "" {
		_, rest, _ = strings.Cut(rest, "```"+language+"\n")
	}
	code, _, _ := strings.Cut(rest, "\n```")
	return code
}
