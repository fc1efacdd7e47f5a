package oauth

// Role is the role of a member in a workspace.
type Role string

// The roles. The zero value is none.
const (
	RoleMember Role = "member"
	// RoleDeveloper is a member who may also register clients of the workspace, and read about them.
	RoleDeveloper Role = "developer"
	// RoleAdministrator may also administer the workspace, but not its members and their roles.
	RoleAdministrator Role = "administrator"
)

// ManagesClients reports whether a member with the role may manage the clients of the workspace, and
// read about them.
func (r Role) ManagesClients() bool { return r == RoleDeveloper || r == RoleAdministrator }
