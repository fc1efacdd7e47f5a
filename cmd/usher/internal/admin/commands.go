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
			List: runs(listUsers), Show: runs(showUser), Disable: runs(disableUser), Enable: runs(enableUser),
			Unlock: runs(unlockUser), SetPassword: runs(setPassword),
		},
		Workspaces: Workspaces{List: runs(listWorkspaces), Apps: runs(listWorkspaceApps), Policy: runs(showPolicy)},
		Members:    Members{List: runs(listMembers)},
		Clients: Clients{
			List: runs(listClients), Show: runs(showClient), RevokeOldSecret: runs(revokeOldSecret),
			RemoveFromWorkspace: runs(removeFromWorkspace), Disable: runs(disableClient), Enable: runs(enableClient),
			DisabledDocuments: runs(listDisabledDocuments),
			Review:            reviewClients{List: runs(listSubmitted), Refuse: runs(refuseClient), Suspend: runs(suspendClient)},
		},
		Grants:             Grants{Revoke: runs(revokeGrants)},
		Tokens:             Tokens{Inspect: runs(inspectToken), Revoke: runs(revokeToken)},
		AuthApps:           AuthApps{List: runs(listAuthApps)},
		RegistrationTokens: RegistrationTokens{List: runs(listRegistrationTokens)},
		APIKeys:            APIKeys{List: runs(listKeys)},
		Catalog:            Catalog{Show: runs(showCatalog)},
	}
}
