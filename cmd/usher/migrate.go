package main

import (
	"context"
	"fmt"
	"os"

	"github.com/vidocu/usher/cmd/usher/internal/doctor"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/consent"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/token"
)

type migrateCommand struct {
	Up     settingsCommand `cmd:"" help:"Apply pending migrations; a database whose URL is not set is skipped."`
	Status settingsCommand `cmd:"" help:"List the migrations of each database; exit 1 when some are pending."`
}

// sections are the services' databases.
func (s *settings) sections() []doctor.Section {
	return []doctor.Section{
		{Service: "identity", DatabaseURL: s.Identity.DatabaseURL, Migrations: identity.Migrations()},
		{Service: "authz", DatabaseURL: s.Authz.DatabaseURL, Migrations: authz.Migrations()},
		{Service: "token", DatabaseURL: s.Token.DatabaseURL, Migrations: token.Migrations()},
		{Service: "consent", DatabaseURL: s.Consent.DatabaseURL, Migrations: consent.Migrations()},
		{Service: "activity", DatabaseURL: s.Activity.DatabaseURL, Migrations: activity.Migrations()},
	}
}

// migrateUp applies the pending migrations of every database.
func migrateUp(c *cli) error {
	return c.eachDatabase(func(ctx context.Context, s doctor.Section, db *sqldb.DB) error {
		if err := sqldb.Migrate(ctx, db, s.Migrations); err != nil {
			return err
		}
		_, err := fmt.Fprintln(os.Stdout, s.Service+": up to date")
		return err
	})
}

// migrateStatus lists the migrations of every database.
func migrateStatus(c *cli) error {
	pending := 0
	err := c.eachDatabase(func(ctx context.Context, s doctor.Section, db *sqldb.DB) error {
		steps, err := sqldb.MigrationStatus(ctx, db, s.Migrations)
		if err != nil {
			return err
		}
		for _, step := range steps {
			state := "applied"
			if step.Pending() {
				state = "pending"
				pending++
			}
			if _, err := fmt.Fprintf(os.Stdout, "%-9s %s %s\n", s.Service, state, step.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && pending > 0 {
		return fmt.Errorf("%d migrations are pending: run `usher migrate up`", pending)
	}
	return err
}

// eachDatabase opens the databases that are configured, one after the other.
func (c *cli) eachDatabase(do func(ctx context.Context, s doctor.Section, db *sqldb.DB) error) error {
	config, err := c.read()
	if err != nil {
		return err
	}
	ctx, done := context.Background(), 0
	for _, s := range config.sections() {
		if s.DatabaseURL.IsZero() {
			continue
		}
		if err := with(ctx, s, do); err != nil {
			return fmt.Errorf("%s: %w", s.Service, err)
		}
		done++
	}
	if done == 0 {
		return fmt.Errorf("no database is configured: set USHER_TOKEN_DATABASE_URL and those of the other services (see usher config)")
	}
	return nil
}

func with(ctx context.Context, s doctor.Section, do func(context.Context, doctor.Section, *sqldb.DB) error) (err error) {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: s.DatabaseURL})
	if err != nil {
		return err
	}
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	return do(ctx, s, db)
}
