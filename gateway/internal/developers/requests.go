package developers

import (
	"net/http"
	"strings"
	"time"

	"github.com/vidocu/usher/docs"
	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// requests shows the refused requests of the client and those in which something wrong was tolerated, or the
// granted ones.
func (c Console) requests(v visit) page.View {
	query := v.r.URL.Query()
	data := page.ConsoleRequests{Console: v.head, Granted: wantsGranted(query), RequestID: query.Get("request_id"), JSON: v.at + "/json"}
	if v.r.URL.RawQuery != "" {
		data.JSON += "?" + query.Encode()
	}
	latest, leave := c.recentBeside(v)
	defer leave()
	res, err := c.listRequests(v)
	switch oerr.Reason(err) { //nolint:exhaustive // the others are shown as a log that cannot be read
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		c.Flow.RedirectToSignIn(v.w, v.r)
		return page.View{}
	case errorv1.Reason_REASON_INVALID_REQUEST: // an address that was changed, such as a page of another list
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, v.at, http.StatusSeeOther)
		return page.View{}
	}
	if err != nil {
		data.Away = true
		return page.View{Template: "devrequests", Data: data}
	}
	read := latest()
	data.Filters, data.Chart = c.filters(query, res.GetRequests(), read), c.chart(v, read)
	data.Filtered = query.Get("since")+query.Get("endpoint")+query.Get("cause")+query.Get("request_id") != ""
	for _, one := range res.GetRequests() {
		data.Requests = append(data.Requests, c.request(v, one))
	}
	if res.GetNextPageToken() != "" {
		query.Set("page", res.GetNextPageToken())
		data.Next = v.at + "?" + query.Encode()
	}
	return page.View{Template: "devrequests", Data: data}
}

// request converts a row of the log.
func (c Console) request(v visit, one *activityv1.LoggedRequest) page.ConsoleRequest {
	k := one.GetKind()
	label := oerr.CauseLabel(k.GetCause())
	shown := page.ConsoleRequest{
		At: browser.At(one.GetLastTime(), v.in), Since: browser.At(one.GetFirstTime(), v.in), Method: k.GetMethod(), Where: k.GetEndpoint(), Status: int(k.GetStatus()),
		Count: one.GetCount(), Docs: "/docs/errors#" + label,
	}
	told := explain(k.GetCause())
	switch {
	case !granted(one):
	case k.GetGot().GetTolerated() == "":
		told, label, shown.Docs = explanation{what: "Granted"}, "", ""
	default:
		told, label, shown.Docs = spaces(), "", "/docs/clients"
		shown.Badge = &page.Badge{Kind: "ok", Text: "Granted"}
	}
	shown.What, shown.Why, shown.Fix, shown.English = told.what, told.why, told.fix, told.english
	if told.section != "" {
		shown.Link = page.Link{Address: v.head.Head.Base + "/" + told.section, Text: told.button}
	}
	shown.Compared, shown.Diff = difference(one, v.app.GetRegistration().GetRedirectUris())
	if k.GetCause() == errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED {
		shown.Badge = &page.Badge{Kind: "danger", Text: "Error page"}
	}
	if k.GetCause() == errorv1.Cause_CAUSE_CODE_REPLAYED || k.GetCause() == errorv1.Cause_CAUSE_REFRESH_REUSED {
		shown.Badge = &page.Badge{Kind: "warn", Text: "Tokens ended"}
	}
	shown.Earlier = !sameDay(shown.At, c.Flow.Time().In(v.in))
	shown.Facts = append([]page.Fact{{Label: "Time", At: shown.At}}, facts(one, label)...)
	if sent := k.GetGot().GetRedirectUri(); granted(one) && sent != "" { // no difference shows it
		shown.Facts = append(shown.Facts, page.Fact{Label: "redirect_uri", Text: sent, Code: true})
	}
	return shown
}

// sameDay reports whether two times of one zone are of the same day.
func sameDay(a, b time.Time) bool { return a.Year() == b.Year() && a.YearDay() == b.YearDay() }

// granted reports whether a request was granted.
func granted(one *activityv1.LoggedRequest) bool {
	k := one.GetKind()
	return k.GetCause() == errorv1.Cause_CAUSE_UNSPECIFIED && k.GetError() == "" && k.GetStatus() > 0 && k.GetStatus() < http.StatusBadRequest
}

// spaces explains the one thing that is tolerated.
func spaces() explanation {
	return explanation{
		what: "Extra spaces in scope", why: "The request was granted: spaces before, after or between the permissions are ignored here. Another server may refuse them.",
		fix: "Separate the permissions by single spaces.",
	}
}

// facts returns what is known of a request.
func facts(one *activityv1.LoggedRequest, label string) []page.Fact {
	got := one.GetKind().GetGot()
	return coded(
		page.Fact{Label: "Request", Text: one.GetRequestId()},
		page.Fact{Label: "Cause", Text: label},
		page.Fact{Label: "Tolerated", Text: got.GetTolerated()},
		page.Fact{Label: "Parameter", Text: one.GetKind().GetField()},
		page.Fact{Label: "error", Text: one.GetKind().GetError()},
		page.Fact{Label: "grant_type", Text: got.GetGrantType()},
		page.Fact{Label: "scope", Text: got.GetScope()},
		page.Fact{Label: "response_type", Text: got.GetResponseType()},
		page.Fact{Label: "PKCE", Text: got.GetCodeChallengeMethod()},
		page.Fact{Label: "Authentication", Text: got.GetAuthMethod()},
		page.Fact{Label: "resource", Text: got.GetResource()},
		page.Fact{Label: "Content-Type", Text: got.GetMediaType()},
	)
}

// coded returns the facts that have a text, each shown as code.
func coded(facts ...page.Fact) []page.Fact {
	var list []page.Fact
	for _, f := range facts {
		if f.Text != "" {
			f.Code = true
			list = append(list, f)
		}
	}
	return list
}

// explanation is what a cause means and what to do about it: messages, or English where english is true.
type explanation struct {
	what, why, fix string
	// section is the page of the client that helps, and button the text of the link to it.
	section, button string
	english         bool
}

// explain returns the explanation of a cause: for the frequent ones in every language, else that of the
// documentation.
func explain(cause errorv1.Cause) explanation {
	switch cause { //nolint:exhaustive // the documentation explains the others
	case errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED:
		return explanation{
			what: "Redirect address is not registered", why: "Addresses are compared character by character, because a looser comparison is how codes get stolen.",
			fix: "Send the address as registered, or register this one, if it is yours: anybody can send a request that names your app.", section: "addresses", button: "Redirect addresses",
		}
	case errorv1.Cause_CAUSE_SECRET_WRONG:
		return explanation{
			what: "Secret is wrong", why: "The secret is none of those that are valid.", fix: "Compare its last four characters with those of your secrets, or create a new one.",
			section: "credentials", button: "Credentials",
		}
	case errorv1.Cause_CAUSE_SECRET_EXPIRED:
		return explanation{
			what: "Secret has ended", why: "It was replaced, and its overlap is over.", fix: "Use the newest secret everywhere.", section: "credentials", button: "Credentials",
		}
	case errorv1.Cause_CAUSE_CODE_REPLAYED, errorv1.Cause_CAUSE_CODE_USED:
		return explanation{
			what: "Code was used twice", why: "Most likely your callback runs twice: a reloaded page, a link preview, a framework that renders twice, or a retry after a timeout.",
			fix: "Exchange a code once, and answer the browser with a redirect, so that a reload does not send it again.",
		}
	case errorv1.Cause_CAUSE_CODE_EXPIRED:
		return explanation{what: "Code has expired", why: "A code lives for ten minutes at most.", fix: "Exchange the code as soon as the browser brings it."}
	case errorv1.Cause_CAUSE_SCOPE_NOT_ALLOWED:
		return explanation{
			what: "Permission is not registered", why: "The app asked for a permission that it may not ask for.", fix: "Register the permission, or do not ask for it.",
			section: "permissions", button: "Permissions",
		}
	case errorv1.Cause_CAUSE_SCOPE_UNKNOWN:
		return explanation{what: "Permission does not exist", why: "The app asked for a permission that this service does not have.", fix: "Compare its spelling with the list.", section: "permissions", button: "Permissions"}
	case errorv1.Cause_CAUSE_SCOPE_INSUFFICIENT:
		return explanation{what: "Permission is missing", why: "The person did not grant what the endpoint needs.", fix: "Ask for it the next time you send this person to the authorization endpoint."}
	case errorv1.Cause_CAUSE_CHALLENGE_MISSING:
		return explanation{what: "PKCE is missing", why: "An app without a secret must send a code_challenge.", fix: "Turn PKCE on in your library: it sends code_challenge and code_challenge_method=S256."}
	case errorv1.Cause_CAUSE_REFRESH_REUSED, errorv1.Cause_CAUSE_REFRESH_ROTATED:
		return explanation{
			what: "Refresh token was used twice", why: "A refresh token is good for one refresh. A second use looks like theft, so that its tokens end.",
			fix: "Store the new refresh token before you use the access token, and refresh in one place only.",
		}
	case errorv1.Cause_CAUSE_CLIENT_NOT_LIVE:
		return explanation{what: "The app is not live yet", why: "Somebody who is neither of your team nor a tester tried to connect it.", fix: "Add the person as a tester, or submit the app.", section: "team", button: "Team"}
	case errorv1.Cause_CAUSE_CLIENT_PEOPLE_LIMIT:
		return explanation{what: "As many people use the app as may", why: "An app that is not verified has a limit.", fix: "Submit the app to be verified.", section: "status", button: "Status"}
	}
	if told, found := furtherExplanations()[cause]; found {
		return told
	}
	return documented(oerr.CauseLabel(cause))
}

// documented returns the explanation of the page of errors.
func documented(label string) explanation {
	told := explanation{what: strings.ReplaceAll(label, "_", " "), english: true, fix: "Look at the documentation."}
	_, rest, found := strings.Cut(string(docs.Text(docs.Page{Name: "errors"})), "\n### "+label+"\n\n")
	if !found {
		return told
	}
	rest, _, _ = strings.Cut(rest, "\n###")
	why, fix, _ := strings.Cut(rest, "\n\n**Fix:** ")
	fix, _, _ = strings.Cut(fix, "\n\n")
	told.why, told.fix = strings.Join(strings.Fields(why), " "), strings.Join(strings.Fields(fix), " ")
	return told
}
