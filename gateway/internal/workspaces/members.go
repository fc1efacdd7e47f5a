package workspaces

import (
	"cmp"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// membersPerPage is the number of members on a page.
const membersPerPage = 500

// members shows the members with their roles.
func (s Workspaces) members(v visit) (page.View, error) {
	res, err := s.Members.ListWorkspaceMembers(v.r.Context(), &identityv1.ListWorkspaceMembersRequest{
		SessionToken: v.token, WorkspaceId: v.id, PageSize: membersPerPage, PageToken: v.after(),
	})
	if err != nil {
		return page.View{}, err
	}
	data := page.WorkspaceMembers{Workspaceframe: v.head, Next: v.next(res.GetNextPageToken())}
	if v.whole(data.Next) {
		data.Count = len(res.GetMembers())
		if data.Searchable = data.Count >= searchFrom; data.Searchable {
			data.Find = v.find()
		}
	}
	for _, m := range res.GetMembers() {
		if !browser.Matches(m.GetDisplayName(), data.Find) && !browser.Matches(m.GetEmailAddress(), data.Find) {
			continue
		}
		data.Members = append(data.Members, page.WorkspaceMember{
			Name: m.GetDisplayName(), Email: m.GetEmailAddress(), Role: roleName(m.GetRole()), Disabled: m.GetDisabled(),
		})
	}
	return page.View{Template: "wsmembers", Data: data}, nil
}

// roleName returns the message that names a role.
func roleName(r identityv1.Role) string {
	return cmp.Or(map[identityv1.Role]string{
		identityv1.Role_ROLE_ADMINISTRATOR: "Administrator", identityv1.Role_ROLE_DEVELOPER: "Developer",
	}[r], "Member")
}
