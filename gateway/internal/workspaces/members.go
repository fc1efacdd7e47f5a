package workspaces

import (
	"cmp"

	"github.com/vidocu/usher/gateway/internal/page"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// membersPerPage is the number of members on a page.
const membersPerPage = 100

// members shows the members with their roles.
func (s Workspaces) members(v visit) (page.View, error) {
	res, err := s.Members.ListWorkspaceMembers(v.r.Context(), &identityv1.ListWorkspaceMembersRequest{
		SessionToken: v.token, WorkspaceId: v.id, PageSize: membersPerPage, PageToken: v.after(),
	})
	if err != nil {
		return page.View{}, err
	}
	data := page.WorkspaceMembers{Workspaceframe: v.head, Next: v.next(res.GetNextPageToken())}
	for _, m := range res.GetMembers() {
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
