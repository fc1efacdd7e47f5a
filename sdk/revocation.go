package usher

import (
	"crypto/sha256"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce/revocation"
)

// fromProto converts an entry of the revocation log. The kinds have the same numbers.
func fromProto(r *tokenv1.Revocation) *revocation.Revocation {
	return &revocation.Revocation{
		Kind: revocation.Kind(r.GetKind()), TokenHash: r.GetTokenHash(), FamilyID: r.GetGrantId(),
		UserID: r.GetUserId(), ClientID: r.GetClientId(), WorkspaceID: r.GetWorkspaceId(),
	}
}

// outdated reports whether a cached response must be evicted. A token that is not active may become active with a change of a
// workspace.
func (e *entry) outdated(by *revocation.Set) bool {
	t := e.token
	if t == nil {
		return by.Has(revocation.Workspace) || by.Outdates(&revocation.Cached{Hash: (*[sha256.Size]byte)(&e.key)})
	}
	return by.Outdates(&revocation.Cached{
		Hash: (*[sha256.Size]byte)(&e.key), Kind: t.Kind, FamilyID: e.grant, UserID: t.Subject, ClientID: t.ClientID, WorkspaceID: t.WorkspaceID,
	})
}
