// Package workspaces serves the pages on which the administrators of a workspace decide: its API keys,
// which apps are connected, which may be, and what members asked for.
//
// It owns the pages. The services authorize the user of the session, own the data and decide: token the
// keys, consent the apps and the policy, identity the members, activity what happened.
package workspaces
