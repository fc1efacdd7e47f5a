package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Grants is `usher grants`.
type Grants struct {
	List   listGrants   `cmd:"" help:"List the apps that a user has connected."`
	Revoke revokeGrants `cmd:"" help:"End what was granted: by a user, to an app, or by a user to an app."`
}

type listGrants struct {
	User string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// Run lists a user's connections.
func (c listGrants) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	res, err := s.connections(ctx, id)
	if err != nil {
		return err
	}
	t := table{{"APP", "LAST USED", "TIMES REVOKED"}}
	for _, connection := range res.GetConnections() {
		t.add(connection.GetClientId(), when(connection.GetLastUseTime()), strconv.FormatInt(connection.GetEpoch(), 10))
	}
	return s.print(res, t)
}

func (s *Session) connections(ctx context.Context, userID string) (*tokenv1.ListConnectionsResponse, error) {
	client, err := s.grants()
	if err != nil {
		return nil, err
	}
	res, err := client.ListConnections(ctx, &tokenv1.ListConnectionsRequest{UserId: userID})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(res.Connections, func(a, b *tokenv1.Connection) int { return compare(a.GetClientId(), b.GetClientId()) })
	return res, nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

type revokeGrants struct {
	User   string `help:"The user, by identifier (usr_…) or e-mail address." placeholder:"USER"`
	Client string `help:"The app, vdo_client_…." placeholder:"APP"`
}

// Validate is kong's.
func (c revokeGrants) Validate() error {
	if c.User == "" && c.Client == "" {
		return errors.New("give --user, --client or both")
	}
	return nil
}

// Run ends what was granted.
func (c revokeGrants) Run(ctx context.Context, s *Session) error {
	if c.User == "" {
		return c.ofClient(ctx, s)
	}
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	apps := []string{c.Client}
	if c.Client == "" {
		list, err := s.connections(ctx, id)
		if err != nil {
			return err
		}
		apps = nil
		for _, connection := range list.GetConnections() {
			apps = append(apps, connection.GetClientId())
		}
	}
	client, err := s.grants()
	if err != nil {
		return err
	}
	for i, app := range apps {
		if _, err := client.EndConnection(ctx, &tokenv1.EndConnectionRequest{UserId: id, ClientId: app}); err != nil {
			return fmt.Errorf("%w (%d of %d apps are disconnected: run this again)", err, i, len(apps))
		}
	}
	return s.done(&tokenv1.EndConnectionResponse{}, "%s has no app connected any more of those named: %d ended", id, len(apps))
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
