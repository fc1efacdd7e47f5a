// Package administration has the operator's actions on users and workspaces: create, list, enable
// and disable users, set passwords, create workspaces and add members.
//
// It owns the rules for names, identifiers and plans. It decides nothing about access to resources,
// and revokes no token: an operation that removes access goes through the token service, which
// calls this package after the revocation.
package administration
