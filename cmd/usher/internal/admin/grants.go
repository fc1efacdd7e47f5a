package admin

import (
	"context"
	"errors"
	"strings"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Grants is `usher grants`.
type Grants struct {
	List   listGrants   `cmd:"" help:"List what is granted: by a user, to an app, or by a user to an app."`
	Revoke revokeGrants `cmd:"" help:"End what was granted: by a user, to an app, or by a user to an app."`
}

// whose says whose grants are meant.
type whose struct {
	User   string `help:"The user, by identifier (usr_…) or e-mail address." placeholder:"USER"`
	Client string `help:"The app, vdo_client_…." placeholder:"APP"`
}

// Validate is kong's.
func (w whose) Validate() error {
	if w.User == "" && w.Client == "" {
		return errors.New("give --user, --client or both")
	}
	return nil
}

// userID is empty where no user is named.
func (w whose) userID(ctx context.Context, s *Session) (string, error) {
	if w.User == "" {
		return "", nil
	}
	return s.userID(ctx, w.User)
}

type listGrants struct {
	whose
	Limit int32 `help:"At most so many; 0 is all of them." default:"100"`
}

// Run lists grants.
func (c listGrants) Run(ctx context.Context, s *Session) error {
	id, err := c.userID(ctx, s)
	if err != nil {
		return err
	}
	client, err := s.oversight()
	if err != nil {
		return err
	}
	all := &tokenv1.ListGrantsResponse{}
	err = s.pages(c.Limit, func(size int32, after string) (int, string, error) {
		page, err := client.ListGrants(ctx, &tokenv1.ListGrantsRequest{UserId: id, ClientId: c.Client, PageSize: size, PageToken: after})
		all.Grants = append(all.Grants, page.GetGrants()...)
		all.NextPageToken = page.GetNextPageToken()
		return len(page.GetGrants()), page.GetNextPageToken(), err
	})
	if err != nil {
		return err
	}
	t := table{{"GRANT", "USER", "APP", "WORKSPACE", "SCOPES", "CREATED", "LAST USED", "ENDS"}}
	for _, g := range all.GetGrants() {
		t.add(short(g.GetGrantId()), g.GetUserId(), g.GetClientId(), g.GetWorkspaceId(), strings.Join(g.GetScopes(), " "),
			when(g.GetCreateTime()), when(g.GetLastUseTime()), when(g.GetExpireTime()))
	}
	return s.print(all, t)
}

type revokeGrants struct{ whose }

// Run ends what was granted.
func (c revokeGrants) Run(ctx context.Context, s *Session) error {
	if c.User == "" {
		return c.ofClient(ctx, s)
	}
	id, err := c.userID(ctx, s)
	if err != nil {
		return err
	}
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.RevokeUserGrants(ctx, &tokenv1.RevokeUserGrantsRequest{UserId: id, ClientId: c.Client})
	if err != nil {
		return err
	}
	what := "to " + c.Client
	if c.Client == "" {
		what = "to any app"
	}
	return s.done(res, "what %s granted %s has ended; they may grant it again", id, what)
}

func (c revokeGrants) ofClient(ctx context.Context, s *Session) error {
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.RevokeClientGrants(ctx, &tokenv1.RevokeClientGrantsRequest{ClientId: c.Client})
	if err != nil {
		return err
	}
	return s.done(res, "all that was granted to %s has ended; people may connect it again", c.Client)
}
