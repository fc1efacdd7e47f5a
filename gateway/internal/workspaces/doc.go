// Package workspaces serves the pages on which the administrators of a workspace decide: its API keys, the
// clients that are connected and those that may be, and the requests of members.
//
// It owns the pages. The services authorize the user of the session, own the data and decide: token the
// keys, consent the clients and the policy, identity the members, activity the events.
package workspaces
