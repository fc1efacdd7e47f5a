-- +goose Up

-- OpenID Connect. The algorithm of the client's ID tokens, empty for the default one; the sector identifier of a client with pairwise
-- subjects, empty for public ones; and where the browser may be sent after a logout that the client starts, with spaces between.
-- Release 0.1 writes none of them.
ALTER TABLE clients ADD COLUMN id_token_alg TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN sector TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN post_logout_uris TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE clients DROP COLUMN post_logout_uris;
ALTER TABLE clients DROP COLUMN sector;
ALTER TABLE clients DROP COLUMN id_token_alg;
