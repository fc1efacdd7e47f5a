package rpc

import (
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

func toUser(u account.User) *identityv1.User {
	return &identityv1.User{
		UserId: u.ID, EmailAddress: string(u.EmailAddress), FirstName: u.FirstName, LastName: u.LastName,
		DisplayName: u.DisplayName, Disabled: u.Disabled, CreateTime: convert.TimeToProto(u.CreatedAt),
	}
}

func toMembership(m account.Membership) *identityv1.Workspace {
	w := toWorkspace(m.Workspace)
	w.Role = enumname.Parse[identityv1.Role](string(m.Role))
	return w
}

func toWorkspace(w account.Workspace) *identityv1.Workspace {
	return &identityv1.Workspace{WorkspaceId: w.ID, Name: w.Name, Plan: w.Plan}
}

func toMember(m account.WorkspaceMember) *identityv1.Member {
	return &identityv1.Member{User: toUser(m.User), Role: enumname.Parse[identityv1.Role](string(m.Role))}
}

func toApp(a authapp.App) *identityv1.AuthenticationApp {
	return &identityv1.AuthenticationApp{
		AuthenticationAppId: a.ID, Name: a.Name, WorkspaceId: a.WorkspaceID, CreateTime: convert.TimeToProto(a.CreatedAt),
		LastUseTime: convert.TimeToProto(a.LastUsedAt), RevokeTime: convert.TimeToProto(a.RevokedAt), Secrets: convert.Each(a.Secrets, toSecret),
	}
}

func toSecret(s secret.Info) *identityv1.AuthenticationAppSecret {
	return &identityv1.AuthenticationAppSecret{
		LastFour: s.LastFour, CreateTime: convert.TimeToProto(s.CreatedAt), ExpireTime: convert.TimeToProto(s.ExpiresAt),
	}
}
