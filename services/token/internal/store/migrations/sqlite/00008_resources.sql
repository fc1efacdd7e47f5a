-- +goose Up

-- The protected resources of a grant (RFC 8707), by their identifiers with spaces between. Empty is the default resource, for which
-- release 0.1 issues every token.
ALTER TABLE families ADD COLUMN resources TEXT NOT NULL DEFAULT '';

-- Those of an access token, where its client asked for fewer; empty is all of the grant's.
ALTER TABLE access_tokens ADD COLUMN resources TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE access_tokens DROP COLUMN resources;
ALTER TABLE families DROP COLUMN resources;
