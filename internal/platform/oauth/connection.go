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
	// DescriptionDigest is that of the newest grant; empty where it is not known.
	DescriptionDigest string
	// Lifetimes are those of the grants.
	Lifetimes GrantLifetimes
}

// GrantLifetimes are how long a grant lasts; zero where that is not known.
type GrantLifetimes struct {
	// Refresh is the life of a refresh token, and so of a grant that is not used.
	Refresh time.Duration
	// Family is the life of a token family, and so of a grant that is used.
	Family time.Duration
}

// Installation is a grant to one installation of a client whose identifier all installations share.
type Installation struct {
	// ID is the grant's, base64url.
	ID, ClientID, WorkspaceID string
	CreatedAt, LastUsed       time.Time
}

// LiveGrants are a user's present grants to a client.
type LiveGrants struct {
	// Epoch is that of the user-client.
	Epoch int64
	// Scopes are a row for each workspace, in no particular order.
	Scopes []GrantedScopes
	// DescriptionDigest is that of the newest grant; empty for none.
	DescriptionDigest string
	// PolicyVersions are those of workspaces, without the ones at 0; nil where they were not read.
	PolicyVersions map[string]int64
	// Lifetimes are those of a grant.
	Lifetimes GrantLifetimes
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
