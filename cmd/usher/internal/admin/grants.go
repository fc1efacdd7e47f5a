package admin

import (
	"context"
	"errors"
	"strings"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Grants is `usher grants`.
type Grants struct {
	List   listGrants                        `cmd:"" help:"List live grants: of a user, to a client, or of a user to a client."`
	Revoke command[withConfirmation[holder]] `cmd:"" help:"Revoke grants: of a user, to a client, or of a user to a client."`
}

// holder selects grants by user, by client, or by both.
type holder struct {
	User   string `help:"The user, by identifier (usr_…) or e-mail address." placeholder:"USER"`
	Client string `help:"The client, vdo_client_…, or the URL of its document." placeholder:"CLIENT"`
}

// Validate is called by kong.
func (h holder) Validate() error {
	if h.User == "" && h.Client == "" {
		return errors.New("give --user, --client or both")
	}
	return nil
}

type listGrants struct {
	holder
	limit
}

// Run lists grants.
func (c listGrants) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	return call(ctx, allPages(s, c.Limit, s.inspection().ListGrants), &tokenv1.ListGrantsRequest{UserId: id, ClientId: c.Client}, rows(s, grantRows))
}

func grantRows(res *tokenv1.ListGrantsResponse) table.Rows {
	t := table.Rows{{"GRANT", "USER", "CLIENT", "WORKSPACE", "SCOPES", "CREATED", "LAST USED", "EXPIRES"}}
	for _, g := range res.GetGrants() {
		t.Add(short(g.GetGrantId()), g.GetUserId(), g.GetClientId(), g.GetWorkspaceId(), strings.Join(g.GetScopes(), " "),
			timestamp(g.GetCreateTime()), timestamp(g.GetLastUseTime()), timestamp(g.GetExpireTime()))
	}
	return t
}

// registered returns an error for the identifier of a registered client that does not exist: to revoke its grants would succeed. The
// URL of a document is not checked: the client is not registered, and was perhaps never used here.
func (s *Session) registered(ctx context.Context, clientID string) error {
	if clientID == "" || strings.Contains(clientID, "://") {
		return nil
	}
	_, err := s.authz().FindClient(ctx, &authzv1.FindClientRequest{ClientId: clientID})
	return err
}

func revokeGrants(ctx context.Context, s *Session, c withConfirmation[holder]) error {
	client := c.Target.Client
	id, err := s.userID(ctx, c.Target.User)
	if err != nil {
		return err
	}
	if err := s.registered(ctx, client); err != nil {
		return err
	}
	if id == "" {
		return c.confirmed(ctx, s, clientImpact(client), func() error {
			return call(ctx, s.revocation().RevokeClientGrants, &tokenv1.RevokeClientGrantsRequest{ClientId: client},
				s.line("all grants to %s are revoked; users may grant it access again", client))
		})
	}
	which := "to every client"
	if client != "" {
		which = "to " + client
	}
	return c.confirmed(ctx, s, grantsImpact(id, client), func() error {
		return call(ctx, s.revocation().RevokeUserGrants, &tokenv1.RevokeUserGrantsRequest{UserId: id, ClientId: client},
			s.line("the grants of %s %s are revoked; they may grant access again", id, which))
	})
}
