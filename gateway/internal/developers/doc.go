// Package developers serves the developer console: the clients of the workspaces in which a user develops,
// their credentials, addresses and permissions, the requests that were refused, and a playground.
//
// It owns the pages. The authorization service owns the clients and decides who may see and change them; a
// page of another workspace's client is the same as one that does not exist.
package developers
