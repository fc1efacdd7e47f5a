// Package operations runs the commands of docs/operations.md and of docs/cli.md, in their order, against five processes with mutual
// TLS on PostgreSQL and Redis of their own, as an operator would who follows the page. A command that is not run says so on the page.
//
// It owns the reading of the page and stand-ins for what only a whole machine has. It never repairs a command.
package operations
