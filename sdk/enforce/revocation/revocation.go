// Package revocation is the rule by which an entry of the revocation log ends cached tokens: one rule for the cache of the token
// service and for that of the SDK.
//
// It owns the kinds of revocation and what each names. It never reads the log, speaks no gRPC and caches nothing. Where an
// entry does not say enough, or is of a kind that this version does not know, it concerns every token: to evict more than an
// entry names is always right.
package revocation

import (
	"crypto/sha256"

	"github.com/vidocu/usher/sdk/enforce"
)

// Kind is what a revocation ends. Its values are the numbers of usher.token.v1.RevocationKind, which are also those stored.
type Kind int32

// The kinds.
const (
	// Token is one access token, API key or user token, named by TokenHash.
	Token Kind = 1
	// Family is a token family with all its tokens, named by FamilyID; the contract calls it a grant.
	Family Kind = 2
	// UserClient is every token of UserID with the client ClientID; the contract calls it a pair.
	UserClient Kind = 3
	// User is every token of UserID.
	User Kind = 4
	// Member is every token of UserID that is good for WorkspaceID.
	Member Kind = 5
	// Client is every token of ClientID.
	Client Kind = 6
	// Workspace ends no token: WorkspaceID changed, for example its plan.
	Workspace Kind = 7
	// AuthenticationApp is every user token that was issued through an authentication app. A cache does not know through which.
	AuthenticationApp Kind = 8

	kinds = AuthenticationApp + 1
)

// Revocation is one entry of the log: which of the names count, its kind says.
type Revocation struct {
	Kind Kind
	// TokenHash is the SHA-256 of a token.
	TokenHash []byte
	FamilyID  []byte
	UserID    string
	ClientID  string
	// WorkspaceID is empty but for Member and Workspace.
	WorkspaceID string
}

// Named returns the revocation with the names that count for its kind, and no others. A kind that this version does not know
// becomes zero.
func (r Revocation) Named() Revocation {
	switch r.Kind {
	case Token:
		return Revocation{Kind: r.Kind, TokenHash: r.TokenHash}
	case Family:
		return Revocation{Kind: r.Kind, FamilyID: r.FamilyID}
	case UserClient:
		return Revocation{Kind: r.Kind, UserID: r.UserID, ClientID: r.ClientID}
	case User:
		return Revocation{Kind: r.Kind, UserID: r.UserID}
	case Member:
		return Revocation{Kind: r.Kind, UserID: r.UserID, WorkspaceID: r.WorkspaceID}
	case Client:
		return Revocation{Kind: r.Kind, ClientID: r.ClientID}
	case Workspace:
		return Revocation{Kind: r.Kind, WorkspaceID: r.WorkspaceID}
	case AuthenticationApp:
		return Revocation{Kind: r.Kind}
	}
	return Revocation{}
}

// Cached is what a cache knows of a token; Hash is never nil. An empty field is one that the token does not have.
type Cached struct {
	// Hash is the SHA-256 of the token.
	Hash     *[sha256.Size]byte
	Kind     enforce.Kind
	FamilyID string
	UserID   string
	ClientID string
	// WorkspaceID is empty for a token that is good for all of its user's workspaces.
	WorkspaceID string
}
