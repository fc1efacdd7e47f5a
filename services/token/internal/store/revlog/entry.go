package revlog

import "time"

// Kind is what an entry revokes.
type Kind int16

// The kinds, as stored.
const (
	// KindToken is one access token, API key or user token, named by TokenHash.
	KindToken Kind = 1
	// KindFamily is a token family with all its tokens, named by FamilyID.
	KindFamily Kind = 2
	// KindPair is every token of UserID with the client ClientID.
	KindPair Kind = 3
	// KindUser is every token of UserID.
	KindUser Kind = 4
	// KindMember is every token of UserID that is good for WorkspaceID.
	KindMember Kind = 5
	// KindClient is every token of ClientID.
	KindClient Kind = 6
	// KindWorkspace revokes nothing: what is known of WorkspaceID changed.
	KindWorkspace Kind = 7
	// KindAuthenticationApp is every user token that was issued through the authentication app ClientID.
	KindAuthenticationApp Kind = 8
)

// Reason is why it was revoked.
type Reason int16

// The reasons, as stored; the contract numbers them alike (usher.token.v1.RevocationReason).
const (
	// ReasonRevoked is the revocation endpoint (RFC 7009).
	ReasonRevoked Reason = 1
	// ReasonCodeReplay is a second use of an authorization code.
	ReasonCodeReplay Reason = 2
	// ReasonReuse is a spent refresh token that was presented again.
	ReasonReuse Reason = 3
	// ReasonDisconnect is the user's own decision on the Connected Apps page.
	ReasonDisconnect Reason = 4
	// ReasonKeyRevoked is the revocation of an API key.
	ReasonKeyRevoked Reason = 5
	// ReasonUserDisabled is an operator's decision on a user.
	ReasonUserDisabled Reason = 6
	// ReasonPasswordSet is a new password.
	ReasonPasswordSet Reason = 7
	// ReasonMemberRemoved is an operator's decision on a membership.
	ReasonMemberRemoved Reason = 8
	// ReasonAppRevoked is the revocation of an authentication app.
	ReasonAppRevoked Reason = 9
	// ReasonLogout is the logout of a user token.
	ReasonLogout Reason = 10
	// ReasonReplaced is the refresh of a user token.
	ReasonReplaced Reason = 11
	// ReasonPlanChanged is a workspace's new plan.
	ReasonPlanChanged Reason = 12
	// ReasonClientEnded is an operator's decision on a client.
	ReasonClientEnded Reason = 13
	// ReasonGrantsRevoked is an operator's decision on what a user granted.
	ReasonGrantsRevoked Reason = 14
	// ReasonGrantLimit is a newer grant of the same user to the same client in the same workspace, beyond how many may live.
	ReasonGrantLimit Reason = 15
)

// Entry is one revocation. Cursors rise by one in the order of commits.
type Entry struct {
	Cursor    int64
	Kind      Kind
	Reason    Reason
	TokenHash []byte
	FamilyID  []byte
	UserID    string
	ClientID  string
	// WorkspaceID is empty but for KindMember and KindWorkspace.
	WorkspaceID string
	// Epoch is the family's. Entries of KindPair from release 0.1 have the one that the pair was raised to.
	Epoch     int64
	RevokedAt time.Time
	// Age is how old it was when it was read, by the database's clock.
	Age time.Duration
}
