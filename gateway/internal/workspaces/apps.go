package workspaces

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

const (
	// appsPerPage is the number of clients on a page. A list that is no longer is ordered by name as a whole.
	appsPerPage = 200
	// searchFrom is the number of clients, or of members, from which on a whole list has a search.
	searchFrom = 8
)

// apps shows the clients that members connected.
func (s Workspaces) apps(v visit) (page.View, error) {
	res, err := s.Apps.ListWorkspaceApps(v.r.Context(), &consentv1.ListWorkspaceAppsRequest{
		SessionToken: v.token, WorkspaceId: v.id, PageSize: appsPerPage, PageToken: v.after(),
	})
	if err != nil {
		return page.View{}, err
	}
	slices.SortStableFunc(res.GetApps(), func(a, b *consentv1.WorkspaceApp) int {
		return cmp.Compare(strings.ToLower(a.GetClientName()), strings.ToLower(b.GetClientName()))
	})
	data, input := page.WorkspaceApps{Workspaceframe: v.head, Next: v.next(res.GetNextPageToken())}, v.flash.Input()
	data.Searchable = v.whole(data.Next) && len(res.GetApps()) >= searchFrom
	if data.Searchable {
		data.Find = v.find()
	}
	for _, a := range res.GetApps() {
		if !browser.Matches(a.GetClientName(), data.Find) {
			continue
		}
		data.Apps = append(data.Apps, page.WorkspaceApp{
			ClientID: a.GetClientId(), Name: a.GetClientName(), Identity: browser.Identity(a.GetIdentity()), People: a.GetUsers(),
			Permissions: s.Flow.Permissions(a.GetScopes(), nil), Used: browser.At(a.GetLastUseTime(), v.in), Approved: a.GetApproved(),
		})
		if v.flash.Object == a.GetClientId() {
			v.flash.Name = a.GetClientName()
		}
		if input.Get("client_id") == a.GetClientId() {
			last := &data.Apps[len(data.Apps)-1]
			last.Typed, last.Wrong = input.Get("confirm_name"), v.flash.Field == "confirm_name"
			if last.Wrong {
				data.Fault.Field = "confirm-" + strconv.Itoa(len(data.Apps)-1)
			}
		}
	}
	data.Done = done(v.flash)
	return page.View{Template: "wsapps", Data: data}, nil
}

// changeApps ends a client for all members, or changes its approval.
func (s Workspaces) changeApps(v visit) (browser.Flash, error) {
	form := v.r.PostForm
	switch form.Get("do") {
	case "end":
		_, err := s.Apps.EndWorkspaceApp(v.r.Context(), &consentv1.EndWorkspaceAppRequest{
			SessionToken: v.token, WorkspaceId: v.id, ClientId: form.Get("client_id"), ConfirmName: form.Get("confirm_name"),
		})
		return browser.Flash{Kind: flashEnded}, err
	case "approve", "withdraw":
		return s.setApproval(v, form.Get("do") == "approve")
	}
	return browser.Flash{}, nil
}

func (s Workspaces) setApproval(v visit, approved bool) (browser.Flash, error) {
	_, err := s.Apps.SetAppApproval(v.r.Context(), &consentv1.SetAppApprovalRequest{
		SessionToken: v.token, WorkspaceId: v.id, ClientId: v.r.PostForm.Get("client_id"), Approved: approved,
	})
	if approved {
		return browser.Flash{Kind: flashApproved}, err
	}
	return browser.Flash{Kind: flashWithdrawn}, err
}

// requestsPerPage is the number of requests on a page.
const requestsPerPage = 50

// policy shows the policy about clients, and the requests of members.
func (s Workspaces) policy(v visit) (page.View, error) {
	set, err := s.Apps.GetWorkspacePolicy(v.r.Context(), &consentv1.GetWorkspacePolicyRequest{SessionToken: v.token, WorkspaceId: v.id})
	if err != nil {
		return page.View{}, err
	}
	asked, err := s.Apps.ListAppRequests(v.r.Context(), &consentv1.ListAppRequestsRequest{
		SessionToken: v.token, WorkspaceId: v.id, PageSize: requestsPerPage, PageToken: v.after(),
	})
	if err != nil {
		return page.View{}, err
	}
	input := v.flash.Input()
	data := page.WorkspacePolicy{
		Workspaceframe: v.head, Rules: page.WorkspaceRules(cmp.Or(input.Get("policy"), enumname.Of(set.GetPolicy()))), Next: v.next(asked.GetNextPageToken()),
		SetBy: set.GetSetterName(), SetAt: browser.At(set.GetSetTime(), v.in), ApprovalsCount: set.GetPolicy() == consentv1.AppPolicy_APP_POLICY_APPROVED,
	}
	for _, a := range set.GetApproved() {
		data.Approved = append(data.Approved, page.WorkspaceApproval{
			ClientID: a.GetClientId(), Name: a.GetClientName(), Identity: browser.Identity(a.GetIdentity()), By: a.GetApproverName(),
			At: browser.At(a.GetApproveTime(), v.in),
		})
	}
	for _, r := range asked.GetRequests() {
		shown := page.WorkspaceRequest{
			ClientID: r.GetClientId(), Name: r.GetClientName(), Identity: browser.Identity(r.GetIdentity()), Person: r.GetUserName(),
			Reason: r.GetReason(), At: browser.At(r.GetRequestTime(), v.in), Answer: r.GetAnswer(), By: r.GetDeciderName(), Decided: browser.At(r.GetDecideTime(), v.in),
			Approved: r.GetState() == consentv1.AppRequestState_APP_REQUEST_STATE_APPROVED, Permissions: s.Flow.Permissions(r.GetScopes(), nil),
		}
		if v.flash.Object == r.GetClientId() {
			v.flash.Name = r.GetClientName()
		}
		if input.Get("client_id") == r.GetClientId() {
			shown.Typed, shown.Wrong = input.Get("answer"), v.flash.Field == "answer"
			if shown.Wrong && r.GetState() == consentv1.AppRequestState_APP_REQUEST_STATE_WAITING {
				data.Fault.Field = "answer-" + strconv.Itoa(len(data.Waiting))
			}
		}
		if r.GetState() == consentv1.AppRequestState_APP_REQUEST_STATE_WAITING {
			data.Waiting = append(data.Waiting, shown)
		} else {
			data.Decided = append(data.Decided, shown)
		}
	}
	data.Done = done(v.flash)
	return page.View{Template: "wspolicy", Data: data}, nil
}

// changePolicy sets the policy, or decides about a client.
func (s Workspaces) changePolicy(v visit) (browser.Flash, error) {
	form := v.r.PostForm
	switch form.Get("do") {
	case "set":
		_, err := s.Apps.SetWorkspacePolicy(v.r.Context(), &consentv1.SetWorkspacePolicyRequest{
			SessionToken: v.token, WorkspaceId: v.id, Policy: enumname.Parse[consentv1.AppPolicy](form.Get("policy")),
		})
		return browser.Flash{Kind: flashPolicy}, err
	case "grant", "refuse":
		approve := form.Get("do") == "grant"
		_, err := s.Apps.DecideAppRequest(v.r.Context(), &consentv1.DecideAppRequestRequest{
			SessionToken: v.token, WorkspaceId: v.id, ClientId: form.Get("client_id"), Approve: approve, Answer: form.Get("answer"),
		})
		if approve {
			return browser.Flash{Kind: flashApproved}, err
		}
		return browser.Flash{Kind: flashDeclined}, err
	case "withdraw":
		return s.setApproval(v, false)
	}
	return browser.Flash{}, nil
}
