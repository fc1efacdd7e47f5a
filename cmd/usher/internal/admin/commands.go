package admin

// Commands are the administration commands.
type Commands struct {
	Users              Users              `cmd:"" group:"administration" help:"Users: create, list, show, disable, enable, unlock, set-password."`
	Workspaces         Workspaces         `cmd:"" group:"administration" help:"Workspaces and their plans: create, list, set-plan."`
	Members            Members            `cmd:"" group:"administration" help:"Members of a workspace: add, remove, list."`
	Clients            Clients            `cmd:"" group:"administration" help:"OAuth clients: create, list, show, update, rotate-secret, revoke-old-secret, disable, enable."`
	Grants             Grants             `cmd:"" group:"administration" help:"Grants of users to clients: list, revoke."`
	Tokens             Tokens             `cmd:"" group:"administration" help:"A token, read from standard input: inspect, revoke."`
	Logouts            Logouts            `cmd:"" group:"administration" help:"The log of logout tokens that clients got: list."`
	Revocations        Revocations        `cmd:"" group:"administration" help:"The revocation log: list, tail."`
	AuthApps           AuthApps           `cmd:"" group:"administration" help:"Authentication apps: create, list, rotate, revoke."`
	RegistrationTokens RegistrationTokens `cmd:"" group:"administration" help:"Tokens with which clients register themselves: create, list, revoke."`
	APIKeys            APIKeys            `cmd:"" name:"api-keys" group:"administration" help:"API keys of workspaces: create, list, revoke."`
	Audit              Audit              `cmd:"" group:"administration" help:"The audit trail: every change, with who made it, before and after."`
	Requests           Requests           `cmd:"" group:"administration" help:"The log of the requests to the OAuth endpoints, with the cause of each refusal."`
	Catalog            Catalog            `cmd:"" group:"administration" help:"Scopes, endpoints and plans: show, check."`
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
