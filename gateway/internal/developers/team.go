package developers

import (
	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// maxTesters is the number of testers that a client may have.
const maxTesters = 20

// team shows who manages the client, and who may test it.
func (c Console) team(v visit) page.View {
	data := page.ConsoleTeam{
		Console: v.head, Workspace: v.app.GetWorkspace().GetName(), WorkspaceID: v.app.GetWorkspace().GetWorkspaceId(),
		Typed: v.flash.Input().Get("email_address"), Live: v.app.GetRegistration().GetStatus() == authzv1.ClientStatus_CLIENT_STATUS_LIVE,
	}
	for _, t := range v.app.GetTesters() {
		data.Testers = append(data.Testers, page.ConsoleTester{Email: t.GetEmailAddress(), Added: browser.At(t.GetCreateTime(), v.in)})
	}
	if data.Fault.Field == "email_address" && len(data.Testers) >= maxTesters {
		data.Fault.Text = "There are 20 testers already, which is the most. Remove one first."
	}
	return page.View{Template: "devteam", Data: data}
}

// changeTeam adds and removes testers.
func (c Console) changeTeam(v visit) outcome {
	session, email := c.session(v.r), v.r.PostForm.Get("email_address")
	switch v.r.PostForm.Get("do") {
	case "add":
		_, err := c.Apps.AddAppTester(v.r.Context(), &authzv1.AddAppTesterRequest{SessionToken: session, ClientId: v.id(), EmailAddress: email})
		return outcome{flash: browser.Flash{Kind: flashAdded, Name: email}, err: err}
	case "remove":
		_, err := c.Apps.RemoveAppTester(v.r.Context(), &authzv1.RemoveAppTesterRequest{SessionToken: session, ClientId: v.id(), EmailAddress: email})
		return outcome{flash: browser.Flash{Kind: flashGone, Name: email}, err: err}
	}
	return outcome{}
}

// status shows who can connect the client, and what the operator said about it.
func (c Console) status(v visit) page.View {
	r := v.app.GetRegistration()
	data := page.ConsoleStatus{Console: v.head, Note: r.GetReviewNote(), Submitted: browser.At(r.GetSubmitTime(), v.in)}
	waits := r.GetSubmitTime() != nil
	switch r.GetStatus() {
	case authzv1.ClientStatus_CLIENT_STATUS_DRAFT:
		data.Text, data.Submit = "Only your team and your testers can connect the app.", true
		data.Next = "Submit it once it works. The people who run this service then look at it."
		data.Missing = missing(r)
	case authzv1.ClientStatus_CLIENT_STATUS_SUBMITTED:
		data.Text, data.Withdraw = "Only your team and your testers can connect the app until it is reviewed.", true
	case authzv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
		data.Text = "Nobody can connect the app, and everything that was granted to it is revoked."
	case authzv1.ClientStatus_CLIENT_STATUS_LIVE, authzv1.ClientStatus_CLIENT_STATUS_UNSPECIFIED:
		data.Text = "Everybody can connect the app."
		if r.GetUnverified() {
			data.Text, data.Submit, data.Withdraw = "Everybody can connect the app, at most 100 people until it is verified.", !waits, waits
			data.Next = "People are told that nobody here has checked who made it. Submit it to be verified."
			data.Missing = missing(r)
		}
	}
	if v.head.Head.Unseen && r.GetStatus() != authzv1.ClientStatus_CLIENT_STATUS_SUSPENDED && !r.GetDisabled() {
		data.Text = "Nobody connects the app: it acts for itself in the workspace that owns it. It needs no review."
		data.Submit, data.Missing, data.Next = false, nil, ""
	}
	if waits {
		data.Missing, data.Next = nil, "While it waits you cannot change its name, its publisher, its home page or its logo, add an address with another host, or ask for more."
	}
	return page.View{Template: "devstatus", Data: data}
}

// statusFault says in a fault why the client cannot be changed now, and on which page that ends.
func statusFault(r *authzv1.Registration, fault page.Fault) page.Fault {
	fault.Text, fault.Detail = "The app waits for its review. Withdraw it before you change what is reviewed.", ""
	fault.Way = &page.Link{Address: base(r.GetClient().GetClientId()) + "/status", Text: "Withdraw it"}
	if r.GetDisabled() || r.GetStatus() == authzv1.ClientStatus_CLIENT_STATUS_SUSPENDED {
		fault.Text, fault.Way.Text = "The app is suspended or disabled, so that it cannot be changed or submitted.", "Status"
	}
	return fault
}

// missing returns what a reviewer looks for and the client does not have.
func missing(r *authzv1.Registration) []string {
	var list []string
	for _, one := range []struct{ value, text string }{
		{r.GetIdentity().GetPurpose(), "A line that says what the app does"},
		{r.GetIdentity().GetPublisher(), "Who publishes it"},
		{r.GetIdentity().GetClientUri(), "A home page"},
		{r.GetIdentity().GetPolicyUri(), "A privacy policy"},
		{r.GetIdentity().GetLogo(), "A logo"},
	} {
		if one.value == "" {
			list = append(list, one.text)
		}
	}
	return list
}

// changeStatus submits the client, or withdraws that.
func (c Console) changeStatus(v visit) outcome {
	withdraw := v.r.PostForm.Get("do") == "withdraw"
	flash := browser.Flash{Kind: flashSubmitted}
	if withdraw {
		flash.Kind = flashWithdrawn
	}
	_, err := c.Apps.SubmitApp(v.r.Context(), &authzv1.SubmitAppRequest{SessionToken: c.session(v.r), ClientId: v.id(), Withdraw: withdraw})
	return outcome{flash: flash, err: err}
}
