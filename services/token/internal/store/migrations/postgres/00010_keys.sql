-- +goose NO TRANSACTION
-- +goose Up

-- The thumbprint of the key that an access token is bound to (RFC 9449); empty for a bearer token, as release 0.1 issues every token.
-- Each statement locks one table only, so that it cannot deadlock with a query of both.
ALTER TABLE access_tokens ADD COLUMN IF NOT EXISTS jkt TEXT NOT NULL DEFAULT '';

-- Those of the key that the refresh token of a public client is bound to, and of the key that the code was bound to (dpop_jkt).
ALTER TABLE families ADD COLUMN IF NOT EXISTS refresh_jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE families ADD COLUMN IF NOT EXISTS code_jkt TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE families DROP COLUMN IF EXISTS code_jkt;
ALTER TABLE families DROP COLUMN IF EXISTS refresh_jkt;
ALTER TABLE access_tokens DROP COLUMN IF EXISTS jkt;
