package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/consent"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/token"
)

type migrateCommand struct {
	Up     upCommand     `cmd:"" help:"Apply pending migrations; a database whose URL is not set is skipped."`
	Status statusCommand `cmd:"" help:"List the migrations of each database; exit 1 when some are pending."`
}

// schema is a service's database and its migrations.
type schema struct {
	service string
	url     secret.String
	steps   fs.FS
}

func (s *settings) schemas() []schema {
	return []schema{
		{"identity", s.Identity.DatabaseURL, identity.Migrations()},
		{"authz", s.Authz.DatabaseURL, authz.Migrations()},
		{"token", s.Token.DatabaseURL, token.Migrations()},
		{"consent", s.Consent.DatabaseURL, consent.Migrations()},
		{"activity", s.Activity.DatabaseURL, activity.Migrations()},
	}
}

type upCommand struct{}

// Run applies the pending migrations of every database.
func (upCommand) Run(c *cli) error {
	return c.eachSchema(func(ctx context.Context, s schema, db *sqldb.DB) error {
		if err := sqldb.Migrate(ctx, db, s.steps); err != nil {
			return err
		}
		_, err := fmt.Fprintln(os.Stdout, s.service+": up to date")
		return err
	})
}

type statusCommand struct{}

// Run lists the migrations of every database.
func (statusCommand) Run(c *cli) error {
	pending := 0
	err := c.eachSchema(func(ctx context.Context, s schema, db *sqldb.DB) error {
		steps, err := sqldb.MigrationStatus(ctx, db, s.steps)
		if err != nil {
			return err
		}
		for _, step := range steps {
			state := "applied"
			if step.Pending() {
				state = "pending"
				pending++
			}
			if _, err := fmt.Fprintf(os.Stdout, "%-9s %s %s\n", s.service, state, step.Name); err != nil {
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

// eachSchema opens the databases that are configured, one after the other.
func (c *cli) eachSchema(do func(ctx context.Context, s schema, db *sqldb.DB) error) error {
	config, err := c.read()
	if err != nil {
		return err
	}
	ctx, done := context.Background(), 0
	for _, s := range config.schemas() {
		if s.url.IsZero() {
			continue
		}
		if err := with(ctx, s, do); err != nil {
			return fmt.Errorf("%s: %w", s.service, err)
		}
		done++
	}
	if done == 0 {
		return fmt.Errorf("no database is configured: set USHER_TOKEN_DATABASE_URL and those of the other services (see usher config)")
	}
	return nil
}

func with(ctx context.Context, s schema, do func(context.Context, schema, *sqldb.DB) error) (err error) {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: s.url})
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
