// Package operations runs the commands of docs/operations.md and of docs/cli.md, in their order,
// against separate processes with mutual TLS on PostgreSQL and Redis servers of their own, as an
// operator who follows the page would. A command that no test runs is marked on the page.
//
// It owns the parser of the page and stand-ins for what only a whole machine has. It never changes
// a command.
package operations
