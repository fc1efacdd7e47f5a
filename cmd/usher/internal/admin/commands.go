package admin

import (
	"strings"

	"github.com/alecthomas/kong"
)

// Commands are the administration commands. The help of a group ends with the names of its commands (ListCommands).
type Commands struct {
	Users              Users              `cmd:"" group:"administration" help:"Users"`
	Workspaces         Workspaces         `cmd:"" group:"administration" help:"Workspaces, their plans and their clients"`
	Members            Members            `cmd:"" group:"administration" help:"Members of a workspace"`
	Clients            Clients            `cmd:"" group:"administration" help:"OAuth clients"`
	Grants             Grants             `cmd:"" group:"administration" help:"Grants of users to clients"`
	Tokens             Tokens             `cmd:"" group:"administration" help:"A token, read from standard input"`
	Logouts            Logouts            `cmd:"" group:"administration" help:"The log of logout tokens that clients got"`
	Revocations        Revocations        `cmd:"" group:"administration" help:"The revocation log"`
	AuthApps           AuthApps           `cmd:"" group:"administration" help:"Authentication apps"`
	RegistrationTokens RegistrationTokens `cmd:"" group:"administration" help:"Tokens with which clients register themselves"`
	APIKeys            APIKeys            `cmd:"" name:"api-keys" group:"administration" help:"API keys of workspaces"`
	Audit              Audit              `cmd:"" group:"administration" help:"The audit trail: every change, with who made it, before and after."`
	Requests           Requests           `cmd:"" group:"administration" help:"The log of the requests to the OAuth endpoints, with the cause of each refusal."`
	Catalog            Catalog            `cmd:"" group:"administration" help:"Scopes, endpoints and plans"`
}

// NewCommands returns the commands, ready to be parsed.
func NewCommands() Commands {
	return Commands{
		Users: Users{
			List: newCommand(listUsers), Show: newCommand(showUser), Disable: newCommand(disableUser), Enable: newCommand(enableUser),
			Unlock: newCommand(unlockUser), SetPassword: newCommand(setPassword),
		},
		Workspaces: Workspaces{List: newCommand(listWorkspaces), Apps: newCommand(listWorkspaceApps), Policy: newCommand(showPolicy)},
		Members:    Members{List: newCommand(listMembers)},
		Clients: Clients{
			List: newCommand(listClients), Show: newCommand(showClient), RevokeOldSecret: newCommand(revokeOldSecret),
			RemoveFromWorkspace: newCommand(removeFromWorkspace), Disable: newCommand(disableClient), Enable: newCommand(enableClient),
			DisabledDocuments: newCommand(listDisabledDocuments),
			Review:            reviewClients{List: newCommand(listSubmitted), Refuse: newCommand(refuseClient), Suspend: newCommand(suspendClient)},
		},
		Grants:             Grants{Revoke: newCommand(revokeGrants)},
		Tokens:             Tokens{Inspect: newCommand(inspectToken), Revoke: newCommand(revokeToken)},
		AuthApps:           AuthApps{List: newCommand(listAuthApps)},
		RegistrationTokens: RegistrationTokens{List: newCommand(listRegistrationTokens)},
		APIKeys:            APIKeys{List: newCommand(listKeys)},
		Catalog:            Catalog{Show: newCommand(showCatalog)},
	}
}

// ListCommands adds to the help of each group the commands that it has.
func ListCommands(model *kong.Application) {
	for _, group := range model.Children {
		var names []string
		for _, c := range group.Children {
			names = append(names, c.Name)
		}
		if group.Group != nil && group.Group.Key == "administration" && len(names) > 0 {
			group.Help += ": " + strings.Join(names, ", ") + "."
		}
	}
}
