package revlog

import (
	"time"

	"github.com/vidocu/usher/sdk/enforce/revocation"
)

// Reason is the reason of a revocation.
type Reason int16

// The reasons, as stored; usher.token.v1.RevocationReason has the same numbers.
const (
	// ReasonRevoked is the revocation endpoint (RFC 7009).
	ReasonRevoked Reason = 1
	// ReasonCodeReplay is a second use of an authorization code.
	ReasonCodeReplay Reason = 2
	// ReasonReuse is a spent refresh token that was presented again.
	ReasonReuse Reason = 3
	// ReasonDisconnect is the user's own revocation of a connection, on the page of connections.
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
	// ReasonClientEnded is an operator's decision on a client, or the client's own deletion of its
	// registration (RFC 7592 §2.3).
	ReasonClientEnded Reason = 13
	// ReasonGrantsRevoked is an operator's decision on what a user granted.
	ReasonGrantsRevoked Reason = 14
	// ReasonGrantLimit is a newer grant of the same user to the same client in the same workspace,
	// beyond the limit.
	ReasonGrantLimit Reason = 15
	// ReasonKeyRotated is the rotation of an API key, which stays valid for the overlap.
	ReasonKeyRotated Reason = 120
	// ReasonWorkspaceEnded is the decision of a workspace's administrator on a client.
	ReasonWorkspaceEnded Reason = 121
	// ReasonOthersSignedOut is a user's sign-out of every other device.
	ReasonOthersSignedOut Reason = 122
)

// Entry is one revocation. Cursors rise by one in the order of commits.
type Entry struct {
	Cursor int64
	// Revocation may have more fields than its kind needs, for the operator who reads the log.
	revocation.Revocation
	Reason Reason
	// Epoch is the family's. Entries of revocation.UserClient from release 0.1 have the new epoch
	// of the user-client.
	Epoch     int64
	RevokedAt time.Time
	// Age is the entry's age when it was read, by the database's clock.
	Age time.Duration
}

// NewEntry returns an entry to append.
func NewEntry(reason Reason, r revocation.Revocation) Entry {
	return Entry{Revocation: r, Reason: reason}
}
