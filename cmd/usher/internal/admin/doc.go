// Package admin is the administration commands: users, workspaces, clients, grants, authentication apps, API keys and the catalog,
// over gRPC as the caller `operator`.
//
// It owns how a command reads its arguments, asks before it ends access, and prints a response. It never decides what is allowed,
// and has no database: the services behind the RPCs decide.
package admin
