package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// The sizes at which uncached introspection is compared, and how many of the tokens are asked about.
const (
	fewTokens  = 10_000
	manyTokens = 1_000_000
)

// measureCrowd compares the cost of an uncached introspection among ten thousand and among a million live tokens.
func (b *bed) measureCrowd(ctx context.Context, database string, r *report) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(database), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is left to flush
	known, err := addKnown(ctx, db)
	if err != nil {
		return err
	}
	if err := settle(ctx, db); err != nil {
		return err
	}
	ask := func(ctx context.Context, i int) error {
		res, err := tokenv1.NewIntrospectionServiceClient(b.conns[i%len(b.conns)]).
			IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: known[rand.IntN(len(known))]})
		if err == nil && !res.GetActive() {
			err = errors.New("a live token was called inactive")
		}
		return err
	}
	few, err := b.measure(ctx, fmt.Sprintf("uncached introspection among %d tokens", fewTokens), ask)
	if err != nil {
		return err
	}
	if err := addStrangers(ctx, db, manyTokens-fewTokens); err != nil {
		return err
	}
	many, err := b.measure(ctx, fmt.Sprintf("uncached introspection among %d tokens", manyTokens), ask)
	if err != nil {
		return err
	}
	r.ratio(few, "the limit of the next row", 1, 0)
	r.ratio(many, "times the CPU of it (at most 1.30)", float64(many.total())/float64(few.total()), 0)
	return nil
}

// addKnown adds tokens that can be asked about.
func addKnown(ctx context.Context, db *sqldb.DB) ([]string, error) {
	tokens, hashes := make([]string, fewTokens), make([][]byte, fewTokens)
	for i := range tokens {
		tokens[i] = secret.Generate(secret.AccessToken).Reveal()
		hashes[i] = secret.Sum(tokens[i]).Bytes()
	}
	return tokens, add(ctx, db, `unnest($1::bytea[]) AS h(hash)`, hashes)
}

// addStrangers adds tokens that nobody knows.
func addStrangers(ctx context.Context, db *sqldb.DB, n int) error {
	const step = 50_000
	for from := 0; from < n; from += step {
		if err := add(ctx, db, `(SELECT sha256(('bench' || i)::bytea) AS hash FROM generate_series($1::int + 1, $1::int + 50000) AS i) AS h`, from); err != nil {
			return err
		}
	}
	return settle(ctx, db)
}

// settle has PostgreSQL do at once what it would otherwise do while introspections are measured: its CPU counts.
func settle(ctx context.Context, db *sqldb.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, text := range []string{`VACUUM (ANALYZE) families, access_tokens`, `CHECKPOINT`} {
		if _, err := db.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// add gives every hash of a source a family and an access token that lives for an hour.
func add(ctx context.Context, db *sqldb.DB, source string, arg any) error {
	_, err := db.Exec(ctx, db.SQL(`
WITH h AS (SELECT hash FROM `+source+`), f AS (
    INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, redirect_uri, code_challenge,
        created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
    SELECT sha256(hash), 'usr_' || encode(substr(hash, 1, 8), 'hex'), 'vdo_client_abc123', 'ws_acme', 'Somebody', 'videos:read', 0,
        'https://yourapp.com/callback', '', {{now}}, {{now}} + 3600000000, sha256(sha256(hash)), {{now}}, {{now}} + 3600000000, {{now}} FROM h
)
INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at)
SELECT hash, sha256(hash), 'videos:read', {{now}}, {{now}} + 3600000000 FROM h`), arg)
	return err
}
