// Package admin is the administration commands: people, workspaces, apps, what was granted to them,
// authentication apps, API keys and the catalog, over gRPC
// as the caller `operator`.
//
// It owns how a command reads its arguments and prints its answer. It never decides what may be done, and holds no database:
// the services behind the RPCs decide.
package admin
