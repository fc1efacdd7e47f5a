package oauth

import "time"

// UserClient is a user and a client: the two whose grants end together when a refresh token is reused, and when the user
// disconnects the client.
type UserClient struct{ UserID, ClientID string }

// ConnectionRevocation is the latest revocation of a user-client, or of one workspace in it.
type ConnectionRevocation struct {
	// ClientID is empty where every client of the user was revoked at once.
	ClientID string
	// WorkspaceID is empty for all workspaces.
	WorkspaceID string
	// Reason is the number of a usher.token.v1.RevocationReason; 0 where it is not known any more.
	Reason int32
	At     time.Time
}

// Connection is what the token service knows of a client that a user let in.
type Connection struct {
	ClientID string
	// Epoch rises with every revocation of the user-client.
	Epoch int64
	// Lenient is how many of the last raises invalidated codes in flight and no more: approvals of so many epochs below Epoch
	// still count.
	Lenient int64
	// LastUsed is zero if nothing was ever issued.
	LastUsed time.Time
}

// GrantedScopes are the scopes of a user's grants to a client in one workspace.
type GrantedScopes struct {
	WorkspaceID string
	Scope       Scope
}

// WorkspaceClient is a client to which users granted access to a workspace.
type WorkspaceClient struct {
	ClientID string
	// Users is how many users did.
	Users int64
	// Scope are the scopes of all grants together.
	Scope    Scope
	LastUsed time.Time
}

// PairState is what the token service knows of a user-client when a consent page is shown.
type PairState struct {
	Epoch int64
	// Granted are the user's live grants, a row for each workspace in no particular order.
	Granted []GrantedScopes
	// PolicyVersions are those of workspaces, without the ones at 0; nil where they were not read.
	PolicyVersions map[string]int64
}
