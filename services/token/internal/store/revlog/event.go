package revlog

import (
	"context"
	"encoding/hex"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/outbox"
)

// eventOf returns the event of the audit trail for a revocation; recorded is false for one that
// belongs to a change which another service records, and for the refresh of a user token. It has no
// workspace.
func eventOf(ctx context.Context, e Entry) (event outbox.Event, recorded bool) {
	if actor.IsWithin(ctx) {
		return event, false
	}
	event = outbox.Event{UserID: e.UserID, ClientID: e.ClientID}
	byClient, byUser := actor.OfClient(e.ClientID), actor.OfUser(e.UserID)
	var usual actor.Actor
	switch e.Reason {
	case ReasonRevoked:
		event.Kind, usual = "grant.token_revoked", byClient
	case ReasonCodeReplay:
		event.Kind, usual = "grant.code_replayed", byClient
	case ReasonReuse:
		event.Kind, usual = "grant.refresh_reused", byClient
	case ReasonDisconnect:
		event.Kind, usual = "grant.disconnected", byUser
	case ReasonWorkspaceEnded:
		event.Kind = "grant.workspace_ended"
	case ReasonClientEnded, ReasonGrantsRevoked:
		event.Kind = "grant.revoked"
	case ReasonLogout:
		event.Kind, usual = "user_token.revoked", byUser
	case ReasonGrantLimit:
		event.Kind, usual = "grant.limit_reached", byClient
	case ReasonKeyRevoked, ReasonUserDisabled, ReasonPasswordSet, ReasonMemberRemoved, ReasonAppRevoked, ReasonReplaced, ReasonPlanChanged,
		ReasonKeyRotated, ReasonOthersSignedOut:
		return event, false
	}
	if len(e.FamilyID) > 0 {
		event.Object = hex.EncodeToString(e.FamilyID)[:objectLength]
	}
	// An operator may have revoked it; the gateway acts for the usual actor.
	if now := actor.From(ctx); usual.ID != "" && now.Kind != actor.Operator && now.Kind != actor.User {
		event.Actor = usual
	}
	return event, event.Kind != ""
}

// objectLength is how many characters of a family's identifier, which is a hash, identify it. The
// command line prints as many.
const objectLength = 16
