package developers

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// addresses shows the redirect addresses of the client, each with its parts and its last use.
func (c Console) addresses(v visit) page.View {
	used := map[string]time.Time{}
	for _, use := range v.app.GetRedirectUriUses() {
		used[use.GetRedirectUri()] = browser.At(use.GetLastUseTime(), v.in)
	}
	input := v.flash.Input()
	data := page.ConsoleAddresses{Console: v.head, Typed: input.Get("redirect_uris")}
	for _, uri := range v.app.GetRegistration().GetRedirectUris() {
		data.Addresses = append(data.Addresses, page.ConsoleAddress{
			Address: uri, Parts: parts(uri), Used: used[uri], Only: len(v.app.GetRegistration().GetRedirectUris()) == 1,
			Confirm: v.flash.Field == "confirm" && input.Get("redirect_uri") == uri,
		})
	}
	switch {
	case v.app.GetRegistration().GetSubmitTime() != nil:
		data.Review = "While the app waits for its review, you cannot add an address with a host that no other one has."
	case v.head.Head.Checked:
		data.Review = "An address with a host that no other one has makes the app unverified until it is reviewed again. Addresses of the user's own computer do not count."
	}
	if !input.Has("redirect_uri") { // which is to be removed
		data.Fault = addressFaultOf(data.Fault, data.Typed)
	}
	return page.View{Template: "devaddresses", Data: data}
}

// addressFaultOf says in the fault of an address which character is wrong.
func addressFaultOf(fault page.Fault, uri string) page.Fault {
	if fault.Field == "redirect_uris" {
		if text, names := addressFault(uri); text != "" {
			fault.Text, fault.Names, fault.Detail = text, names, ""
		}
	}
	return fault
}

// parts returns the parts of an address.
func parts(uri string) []page.Fact {
	u, err := url.Parse(uri)
	if err != nil {
		return nil
	}
	return coded(
		page.Fact{Label: "Scheme", Text: u.Scheme},
		page.Fact{Label: "Host", Text: u.Hostname()},
		page.Fact{Label: "Port", Text: u.Port()},
		page.Fact{Label: "Path", Text: u.EscapedPath() + u.Opaque},
		page.Fact{Label: "Query", Text: u.RawQuery},
	)
}

// addressFault says which character of an address cannot be registered, and what to do; empty where only
// the service knows what is wrong.
func addressFault(uri string) (text string, names []string) {
	if uri == "" {
		return "Write the address that people come back to, such as %s.", []string{"https://yourapp.com/callback"}
	}
	for i, r := range uri {
		switch {
		case r <= ' ' || r == 0x7f:
			return "Character %s of the address is a space or a control character. Remove it, or write it percent-encoded.", []string{fmt.Sprint(i + 1)}
		case r > 0x7f:
			return "Character %s of the address is “%s”, which is not ASCII. Write a host name in its form xn--…, and anything else percent-encoded.", []string{fmt.Sprint(i + 1), string(r)}
		case strings.ContainsRune("\\\"<>^`{|}", r):
			return "Character %s of the address is “%s”, which an address cannot have. Write it percent-encoded.", []string{fmt.Sprint(i + 1), string(r)}
		case r == '#':
			return "Character %s of the address is “%s”, which begins a fragment. Remove it and what follows: a fragment never reaches a server.", []string{fmt.Sprint(i + 1), "#"}
		case r == '*':
			return "Character %s of the address is “%s”. There are no wildcards: register each address by itself.", []string{fmt.Sprint(i + 1), "*"}
		}
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return "The address has no scheme. Write it whole, such as %s.", []string{"https://yourapp.com/callback"}
	case slices.Contains([]string{"javascript", "data", "vbscript", "file", "about", "blob"}, u.Scheme):
		return "The address begins with “%s”, which a browser opens by itself and no app receives. Write an https address.", []string{u.Scheme + ":"}
	case u.User != nil:
		return "The address has a user name before “%s”. Remove it.", []string{"@"}
	case u.Scheme == "http" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1" && u.Hostname() != "localhost":
		return "The address begins with http, which anybody on the way can read. Write %s: http is only for this computer.", []string{"https://" + u.Host}
	case strings.Contains("/"+u.Path+"/", "/../"):
		return "The path has “%s”, which climbs up. Write the path that is meant.", []string{".."}
	}
	return "", nil
}

// changeAddresses adds and removes redirect addresses.
func (c Console) changeAddresses(v visit) outcome {
	form, session := v.r.PostForm, c.session(v.r)
	switch form.Get("do") {
	case "add":
		_, err := c.Apps.AddAppRedirectUri(v.r.Context(), &authzv1.AddAppRedirectUriRequest{
			SessionToken: session, ClientId: v.id(), RedirectUri: form.Get("redirect_uris"),
		})
		return outcome{flash: browser.Flash{Kind: flashAdded, Name: form.Get("redirect_uris")}, err: err}
	case "remove":
		_, err := c.Apps.RemoveAppRedirectUri(v.r.Context(), &authzv1.RemoveAppRedirectUriRequest{
			SessionToken: session, ClientId: v.id(), RedirectUri: form.Get("redirect_uri"), Confirmed: form.Get("confirmed") == "yes",
		})
		return outcome{flash: browser.Flash{Kind: flashGone, Name: form.Get("redirect_uri")}, err: err}
	}
	return outcome{}
}
