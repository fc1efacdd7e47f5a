package operations

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/vidocu/usher/test/harness"
)

// separateRoles gives each database to an owner of its own, which migrates it, and lets the roles of
// identity, authz and consent read and write, as docs/kubernetes.md says. It returns the URLs of these
// roles.
func separateRoles(ctx context.Context, servers *harness.OwnServers) (map[string]string, error) {
	roles := make(map[string]string)
	for _, service := range services() {
		u, err := url.Parse(servers.Databases[service])
		if err != nil {
			return nil, err
		}
		database, owner, role := strings.TrimPrefix(u.Path, "/"), service+"_owner", service+"_service"
		err = servers.SQL(ctx, "", "CREATE ROLE "+owner+" LOGIN", "CREATE ROLE "+role+" LOGIN", "ALTER DATABASE "+database+" OWNER TO "+owner)
		if err != nil {
			return nil, err
		}
		u.User = url.User(owner)
		servers.Databases[service] = u.String()
		if service == "token" || service == "activity" {
			continue // they create partitions, and so own their schemas
		}
		err = servers.SQL(ctx, service, "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "+role,
			"ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO "+role)
		if err != nil {
			return nil, err
		}
		u.User = url.User(role)
		roles[service] = u.String()
	}
	return roles, nil
}

// useRoles restarts services with the URLs of their own roles.
func (s *site) useRoles(roles map[string]string) error {
	var errs []error
	for service, at := range roles {
		s.d.SetOne(service, "USHER_"+strings.ToUpper(service)+"_DATABASE_URL", at)
		errs = append(errs, s.control("restart", service))
	}
	return errors.Join(errs...)
}
