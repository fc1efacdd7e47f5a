-- +goose Up

-- Where the client gets logout tokens (OpenID Connect Back-Channel Logout 1.0), empty for a client that gets none, as each of release
-- 0.1; and whether each of them must name the session.
ALTER TABLE clients ADD COLUMN logout_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN logout_session_required BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE clients DROP COLUMN logout_session_required;
ALTER TABLE clients DROP COLUMN logout_uri;
